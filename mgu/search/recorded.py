"""The studies of an experiment as they stand on disk or in a pack, whether they have ended or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE
from mgu.results.on_disk.search_files import SEARCH_FOLDER, STUDY_FILE, STUDY_HISTORY_FILE
from mgu.results.runs.pack import read_pack
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import Searches, SearchFolder
from mgu.search.budget import Budget
from mgu.search.described import read_space
from mgu.search.history import History
from mgu.search.study_file import read_described


class RecordedStudy(NamedTuple):
    """Holds a study as it is recorded.

    Attributes:
        name: Name of its folder, after that of the experiment where several have one of that name.
        described: What study.yaml says.
        history: What happened.
        budget: Its resolved budget.
    """

    name: str
    described: Mapping[str, Any]
    history: History
    budget: Budget


def find_studies(path: Path) -> tuple[list[SearchFolder], list[str]]:
    """Finds the folders of studies, packed ones (mgu/results/runs/pack.py) too, without copies.

    Args:
        path: An experiment's folder, its folder of studies, that of one study, a folder with a pack, or a pack.

    Returns:
        The folders by name, and a line for a pack that cannot be read.
    """
    folder = path.absolute()
    if (folder / STUDY_FILE).is_file():
        return [SearchFolder(folder)], []
    sources, skipped = [Searches(folder.parent if folder.name == SEARCH_FOLDER else folder)], list[str]()
    pack = folder if folder.name == PACK_FILE else folder / PACK_FILE
    if pack.is_file():
        try:
            sources += [Searches(pack / name, folders) for name, folders in read_pack(pack).searches.items()]
        except ValueError as error:
            skipped.append(f"{pack}: {error}")
    found = (each for each in search_folders(sources) if not each.is_replayed)
    return sorted(found, key=lambda each: (each.path.name, each.path)), skipped


def read_study(folder: SearchFolder) -> RecordedStudy:
    """Reads a study; one that a worker is at is read as it is now.

    Args:
        folder: Its folder.

    Returns:
        The study.

    Raises:
        UserError: It is damaged, or is of a version of this package that says something else of it.
    """
    path = folder.path / STUDY_FILE
    try:
        described = read_described(folder)
        space, identity = read_space(described["space"]), described["identity"]
        budget = Budget(**described["budget"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise UserError(
            f"{path} must describe a study, but cannot be read ({type(error).__name__}: {reason}). Run the command of "
            "its search again, which writes it anew."
        ) from None
    packed = None if folder.packed is None else folder.packed.get(STUDY_HISTORY_FILE, b"")
    history = History(folder.path / STUDY_HISTORY_FILE, space, identity, packed)
    return RecordedStudy(folder.path.name, described, history, budget)
