"""The studies of an experiment as they stand on disk, whether they have ended or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mgu.errors import UserError
from mgu.results.on_disk.search_files import SEARCH_FOLDER, STUDY_FILE, STUDY_HISTORY_FILE
from mgu.search.budget import Budget
from mgu.search.described import read_space
from mgu.search.history import History


class Recorded(NamedTuple):
    """Holds a study as it is recorded.

    Attributes:
        name: Name of its folder.
        described: What study.yaml says.
        history: What happened.
        budget: Its resolved budget.
    """

    name: str
    described: Mapping[str, Any]
    history: History
    budget: Budget


def find_studies(folder: Path) -> list[Path]:
    """Finds the folders of studies.

    Args:
        folder: An experiment's folder, its folder of studies, or that of one study.

    Returns:
        The folders by name.
    """
    files = [folder / STUDY_FILE, *folder.glob(f"{SEARCH_FOLDER}/*/{STUDY_FILE}")]
    if folder.absolute().name == SEARCH_FOLDER:
        files += folder.glob(f"*/{STUDY_FILE}")
    return sorted(file.parent for file in files if file.is_file())


def read_study(folder: Path) -> Recorded:
    """Reads a study; one that a worker is at is read as it is now.

    Args:
        folder: Its folder.

    Returns:
        The study.

    Raises:
        UserError: It is damaged, or is of a version of this package that says something else of it.
    """
    path = folder / STUDY_FILE
    try:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
        space, identity = read_space(described["space"]), described["identity"]
        budget = Budget(**described["budget"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        reason = next(iter(str(error).splitlines()), "")
        raise UserError(
            f"{path} must describe a study, but cannot be read ({type(error).__name__}: {reason}). Run the command of "
            "its search again, which writes it anew."
        ) from None
    return Recorded(folder.absolute().name, described, History(folder / STUDY_HISTORY_FILE, space, identity), budget)
