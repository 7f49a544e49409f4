"""Runs that would be trained anew although they are there in folders of other names, as of a layout that was renamed.

A name is no part of a run's identity, but of its folder. The folder is left alone: another layout of the same contents
may be meant to have it, and renaming is easily done by the user, who knows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from os.path import exists  # unlike that of Path it is False below a folder that cannot be entered
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.console.text import count, name_some
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, RESULT_FILE
from mgu.results.on_disk.folder import run_folder
from mgu.results.on_disk.result_file import read_result
from mgu.text.agree import agree
from mgu.text.printable import printable

MOST_NAMED = 3  # folders


def print_other_names(configs: Iterable[RunConfig]) -> None:
    """Prints on standard error which runs are there under other names, if any.

    Args:
        configs: Configurations of all runs of a command.
    """
    if found := find_under_other_names(configs):
        print(printable(describe_other_names(found)), file=sys.stderr)


def find_under_other_names(configs: Iterable[RunConfig]) -> dict[Path, Path]:
    """Finds runs to be trained that were trained, at least in part, under another name.

    Args:
        configs: Configurations of all runs of a command, whose own folders belong to no other of them.

    Returns:
        By the folder in which each would be trained the one in which it is.
    """
    folders = {run_folder(config): config for config in configs}
    new = {folder: config for folder, config in folders.items() if not config.force and not _holds_training(folder)}
    others: dict[tuple[Path, str], Path] = {}
    for experiment in dict.fromkeys(folder.parent for folder in new):
        for other in _folders(experiment):
            if other not in folders:
                others[experiment, other.name.rpartition("-")[2]] = other
    found = {folder: others.get((folder.parent, config.identity)) for folder, config in new.items()}
    return {folder: other for folder, other in found.items() if other and _is_worth_keeping(other)}


def describe_other_names(found: Mapping[Path, Path]) -> str:
    """Describes in one line which runs are there under other names, and how to keep what was trained.

    Args:
        found: What `find_under_other_names` returns; one run at least.

    Returns:
        The line.
    """
    renamings = name_some([f"{other} to {folder.name}" for folder, other in found.items()], MOST_NAMED)
    which = f"{count(len(found), 'run')} {agree(len(found), 'is', 'are')}"
    return (
        f"{which} trained anew, but {agree(len(found), 'has', 'have')} been trained under another name, as of a "
        f"layout that was renamed. To keep that, rename {renamings}"
    )


def _folders(experiment: Path) -> list[Path]:
    """Returns the folders of an experiment; none where it has none, or cannot be looked at."""
    try:
        return sorted(experiment.iterdir())
    except OSError:
        return []


def _holds_training(folder: Path) -> bool:
    return exists(folder / RESULT_FILE) or exists(folder / CHECKPOINT_FILE)


def _is_worth_keeping(folder: Path) -> bool:
    """Returns whether a folder holds a result that did not fail, or a checkpoint."""
    if exists(folder / CHECKPOINT_FILE):
        return True
    try:
        return read_result(folder / RESULT_FILE).status != "failed"
    except ValueError:
        return False
