"""A sweep that is under way says so in a file of its experiment's folder: which runs it has, and how long they take.

Whoever watches from elsewhere finds out what only the sweep knows: the runs that have no folder yet, and the time left.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from mgu.results.on_disk.files import write_text

PATTERN = ".sweep-*.json"


class UnderWay(msgspec.Struct, frozen=True):
    """Holds what a sweep says of itself.

    Attributes:
        folders: The folders of all its runs, relative to the runs folder.
        left_s: Estimated seconds until all runs are over, when this was written; None where that is not known.
        written_s: When this was written, in seconds since 1970.
        host: Name of the machine.
        pid: Number of the process on it.
    """

    folders: list[str]
    left_s: float | None
    written_s: float
    host: str
    pid: int

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs, as far as that can be told from this machine."""
        if self.host != socket.gethostname():
            return time.time() - self.written_s < 86_400
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # another user's
            return True
        return True


class SweepFile:
    """Writes the file of one sweep, which is there until `remove`; nothing depends on it.

    Args:
        experiment: Folder of the experiment.
        runs: Folders of all its runs.
    """

    def __init__(self, experiment: Path, runs: list[Path]) -> None:
        self.path = experiment / f".sweep-{socket.gethostname()}-{os.getpid()}.json"
        self.folders = [str(Path(run.parent.name) / run.name) for run in runs]

    def write(self, left_s: float | None) -> None:
        """Writes what is known now.

        Args:
            left_s: Estimated seconds until all runs are over; None where that is not known.
        """
        said = UnderWay(self.folders, left_s, time.time(), socket.gethostname(), os.getpid())
        with contextlib.suppress(OSError):  # to train is more important
            write_text(self.path, msgspec.json.encode(said).decode())

    def remove(self) -> None:
        """Removes the file: the sweep is over."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def read_under_way(path: Path) -> UnderWay | None:
    """Reads the file of a sweep.

    Args:
        path: The file.

    Returns:
        What it says; None if it is torn or gone, or if its process has ended without removing it.
    """
    try:
        said = msgspec.json.decode(path.read_bytes(), type=UnderWay)
    except (OSError, msgspec.DecodeError):
        return None
    return said if said.is_alive else None


@contextlib.contextmanager
def announced(file: SweepFile, left_s: float | None) -> Iterator[None]:
    """Has the file of a sweep there while the block runs.

    Args:
        file: The file.
        left_s: As for `SweepFile.write`.

    Yields:
        None.
    """
    for other in file.path.parent.glob(PATTERN):  # of sweeps that were killed
        if read_under_way(other) is None:
            with contextlib.suppress(OSError):
                other.unlink()
    file.write(left_s)
    try:
        yield
    finally:
        file.remove()
