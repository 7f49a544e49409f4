"""The runs folder, and atomic writing: a file is whole or not there."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from os.path import exists  # unlike that of Path it is False for a name that no file can have
from pathlib import Path
from typing import BinaryIO

from mgu.errors import UserError
from mgu.results.on_disk.file_names import PACK_FILE, RESULT_FILE
from mgu.results.on_disk.full_disk import naming
from mgu.text.printable import printable

log = logging.getLogger(__name__)
MOST_NAMED = 12  # experiments that one message lists


def chosen_runs_dir(chosen: str | None) -> Path:
    """Returns the runs folder that a configuration chooses.

    Args:
        chosen: The configuration's `runs_dir`; None for the default.

    Returns:
        The folder of all experiments.
    """
    return Path(chosen).expanduser() if chosen else default_runs_dir()


def default_runs_dir() -> Path:
    """Returns the default runs folder.

    Returns:
        $MGU_RUNS, else runs/ in the checkout that this package runs from, else runs/ in the working directory.
    """
    if named := os.environ.get("MGU_RUNS"):
        return Path(named).expanduser()
    return (checkout() or Path.cwd()) / "runs"


def name_below(path: Path) -> Path:
    """Returns what a path names below the runs folder, for people write `runs/digits` wherever that folder lies.

    Args:
        path: A path as the user gives it.

    Returns:
        The path without that of the runs folder, or without a leading `runs/`; any other as it is.
    """
    runs = default_runs_dir()
    if path.is_relative_to(runs):
        return path.relative_to(runs)
    return path.relative_to("runs") if path.is_relative_to("runs") else path


def places_of(path: Path) -> list[Path]:
    """Returns where that may lie which a user names, the likeliest place first.

    Args:
        path: A path, or a name below the runs folder, with or without a leading `runs/`.

    Returns:
        The path as it is, and below the runs folder; of several that are there those first that hold runs, and where
        several do, a warning says which is taken.
    """
    runs = default_runs_dir()
    places = list(dict.fromkeys([path, runs / path, runs / name_below(path)]))
    there = {os.path.realpath(place): place for place in reversed(places) if exists(place)}
    if len(there) < 2:
        return places
    with_runs = [place for place in places if place in there.values() and _holds_runs(place)]
    if len(with_runs) > 1:
        taken, other = (printable(str(place.absolute())) for place in with_runs[:2])
        log.warning("%s is taken for %s; %s has runs, too: name the whole path for it", path, taken, other)
    return with_runs + [place for place in places if place not in with_runs]


def _holds_runs(place: Path) -> bool:
    """Tells whether a path is of a file, or of a folder with results: of a run, an experiment or a runs folder."""
    patterns = [f"{above}{name}" for above in ("", "*/", "*/*/") for name in (RESULT_FILE, PACK_FILE)]
    return place.is_file() or any(True for pattern in patterns for _ in place.glob(pattern))


def find_folders(paths: Sequence[Path]) -> list[Path]:
    """Finds folders of runs by the names that a user gives.

    Args:
        paths: Paths, or names of folders below the runs folder; none: the runs folder itself.

    Returns:
        A path for each; of what is nowhere, the path as it was given.
    """
    return [next(filter(exists, places_of(path)), path) for path in paths] or [default_runs_dir()]


def describe_runs_dir() -> str:
    """Says where runs are by default, for errors about runs that are not there.

    Returns:
        A sentence with the runs folder and the experiments in it.
    """
    runs = default_runs_dir()
    try:
        names = sorted(folder.name for folder in runs.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    except OSError:
        return f"Runs land in {runs}, which is not there yet."
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return f"Runs land in {runs}, which has {', '.join([*names[:MOST_NAMED], *more]) or 'none'}."


def checkout() -> Path | None:
    """Finds the checkout that this package runs from.

    Returns:
        The folder with pyproject.toml; None if the package is installed from a wheel.
    """
    folder = Path(__file__).parents[3]
    return folder if (folder / "pyproject.toml").is_file() else None


def make_folder(
    folder: Path, what: str = "the runs folder", advice: str = "Pass runs_dir=... or set MGU_RUNS."
) -> None:
    """Creates a folder and makes sure that files can be written there.

    Args:
        folder: The folder; its parents are created, too.
        what: Name of the folder in the error message.
        advice: What the error message tells the user to do.

    Raises:
        UserError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{what} must be a folder that can be written, but {folder} is not ({error.strerror}). {advice}"
        ) from None


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Replaces a file atomically: the block writes a temporary file, which then takes the place of `path`.

    Args:
        path: The file; it stays as it was if the block raises.

    Yields:
        Path of the temporary file, in the same folder.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with naming(path):
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locking(path: Path) -> Iterator[None]:
    """Keeps other processes that use this function from reading and replacing a file meanwhile; waits for them.

    The lock is a file beside it, which is gone afterwards, for the folder may be one that people commit. Where the file
    system has no locks, nothing is kept back.

    Args:
        path: The file; it need not exist.

    Yields:
        None.
    """
    beside = path.with_name(f".{path.name}.lock")
    while True:
        with _open_lock(beside) as lock:
            with contextlib.suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.fstat(lock.fileno()).st_nlink:  # another process has had it, and has deleted it
                continue
            try:
                yield
            finally:
                beside.unlink(missing_ok=True)
            return


def _open_lock(path: Path) -> BinaryIO:
    """Opens a lock; one that another user's process left when it was killed, too, which may be read only."""
    try:
        return path.open("ab")
    except PermissionError:
        if not path.exists():
            raise
        return path.open("rb")  # enough for a lock


def write_text(path: Path, text: str) -> None:
    """Writes a text file atomically.

    Args:
        path: The file.
        text: Its new content.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
