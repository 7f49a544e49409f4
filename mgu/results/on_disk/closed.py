"""Folders of runs and searches that are closed to this user, as others leave them in a runs folder that they share."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from mgu.errors import UserError
from mgu.results.on_disk.file_names import LOCK_FILE, LOG_FILE, RESULT_FILE
from mgu.results.on_disk.search_files import STUDY_HISTORY_FILE

IN_PLACE = (LOCK_FILE, LOG_FILE, STUDY_HISTORY_FILE)  # files that are written on; the others are replaced


class Closed(NamedTuple):
    """Holds what is closed to this user.

    Attributes:
        folder: The folder of a run or a search, or one above it that cannot be entered.
        lacks: What cannot be done there: "read" or "written".
        owner: Whom it belongs to.
    """

    folder: Path
    lacks: str
    owner: str

    @property
    def whom(self) -> str:
        """Whom to ask: nobody knows who a number is."""
        return "its owner" if self.owner.startswith(NAMELESS) else self.owner

    @property
    def way_out(self) -> str:
        """What to do about it, in a sentence."""
        folder = quote(str(self.folder))
        if self.owner == YOU:
            return f"Open it (chmod -R u+rwX {folder}), or pass another runs_dir=..."
        finish = "finish what is there, or " if self.lacks == "written" else ""
        return f"Have {self.whom} {finish}open it (chmod -R a+rwX {folder}), or pass another runs_dir=..."


class ClosedRun(UserError):  # noqa: N818 - it is what the folder is
    """Says that a run is not to be trained, nor a search to go on, for its folder is closed to this user."""


YOU = "you"
NAMELESS = "user "  # before a number; no name has a blank


def find_closed(folder: Path) -> Closed | None:
    """Finds out whether this user may not read or not write the folder of a run or a search.

    Args:
        folder: The folder; it need not exist.

    Returns:
        What is closed; None if nothing is, or if there is no such folder.
    """
    try:
        folder.stat()
    except PermissionError:  # one above it cannot be entered
        return find_closed(folder.parent)
    except OSError:
        return None
    result = folder / RESULT_FILE
    if not os.access(folder, os.R_OK | os.X_OK) or not _may(os.R_OK, result):
        return Closed(folder, "read", _owner(folder))
    if not all(_may(os.W_OK, path) for path in (folder, *map(folder.joinpath, IN_PLACE))):
        return Closed(folder, "written", _owner(folder))
    return None


def closed_run(name: str, closed: Closed) -> ClosedRun:
    """Returns the error for a run that cannot be trained, or a search that cannot go on.

    Args:
        name: What people call it.
        closed: What is closed.

    Returns:
        An error that says what to do about it.
    """
    return ClosedRun(
        f"the folder of {name} must be one that you can read and write, but {closed.folder} belongs to "
        f"{closed.owner} and cannot be {closed.lacks}. {closed.way_out}"
    )


def check_readable(folder: Path) -> None:
    """Checks that this user may read the folder of a run.

    Args:
        folder: The folder.

    Raises:
        ClosedRun: It cannot be read.
    """
    closed = find_closed(folder)
    if closed and closed.lacks == "read":
        way_out = f"Have {closed.whom} open it (chmod -R a+rX {quote(str(closed.folder))})."
        if closed.owner == YOU:
            way_out = f"Open it (chmod -R u+rX {quote(str(closed.folder))})."
        raise ClosedRun(
            f"RUN must be a folder that you can read, but {closed.folder} belongs to {closed.owner} and cannot be "
            f"read. {way_out}"
        )


def _may(mode: int, path: Path) -> bool:
    return not os.path.exists(path) or os.access(path, mode)


def _owner(folder: Path) -> str:
    number = folder.stat().st_uid
    if number == os.geteuid():
        return YOU
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # as in containers
        return f"{NAMELESS}{number}"
