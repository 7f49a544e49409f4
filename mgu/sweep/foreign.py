"""Runs of a sweep whose results another version of this package wrote: they are left as they are, and told."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from mgu.config.run import RunConfig
from mgu.console.text import name_some
from mgu.results.on_disk.folder import find_foreign, run_folder
from mgu.results.on_disk.result_file import WAY_OUT, OtherVersion
from mgu.text.agree import agree
from mgu.text.printable import printable

MOST_NAMED = 3  # folders


def find_foreign_runs(configs: Iterable[RunConfig]) -> dict[Path, OtherVersion]:
    """Finds the runs that are not to be trained over.

    Args:
        configs: Configurations of runs.

    Returns:
        Why this version cannot read their results, by the folders of the runs.
    """
    found = {run_folder(config): find_foreign(config) for config in configs}
    return {folder: error for folder, error in found.items() if error}


def print_foreign(foreign: dict[Path, OtherVersion]) -> None:
    """Prints on standard error which runs are skipped, if any.

    Args:
        foreign: What `find_foreign_runs` returns.
    """
    if foreign:
        print(printable(describe_foreign(foreign)), file=sys.stderr)


def describe_foreign(foreign: dict[Path, OtherVersion]) -> str:
    """Describes in one line which runs are skipped, why, and what to do.

    Args:
        foreign: Why their results cannot be read, by folder; one at least.

    Returns:
        The line.
    """
    folders = name_some([str(folder) for folder in foreign], MOST_NAMED)
    results = agree(len(foreign), "its result is", "their results are")
    return f"skipped {folders}: {results} {next(iter(foreign.values()))}. {WAY_OUT}"
