"""Contention: runs that measure on one host at the same time spoil each other's time and energy.

Every run keeps a locked file in one folder of the host while it measures. A newcomer writes a mark into the files that
it finds there, so that even a run that comes and goes between two looks is noticed by both. The locks end with their
owners; a file without one is removed.
"""

from __future__ import annotations

import logging
import os
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)
WORLD_WRITABLE = 0o666  # runs of other users on this host count as well


def host_folder() -> Path:
    """Returns the folder that all runs of this host share; MGU_CONTENTION moves it, as in tests."""
    return Path(os.environ.get("MGU_CONTENTION") or Path(tempfile.gettempdir()) / "mgu-measuring")


class ContentionMonitor:
    """Notices other runs that measure on this host: `with ContentionMonitor() as monitor: ...`, then `contended`.

    Args:
        folder: Where the runs of the host see each other; None for the host's own.
    """

    contended = False

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or host_folder()
        self._lock_file = self._folder / f"{uuid.uuid4().hex}.lock"
        self._lock = FileLock(self._lock_file, mode=WORLD_WRITABLE)

    def __enter__(self) -> Self:
        try:
            with suppress(FileExistsError):
                self._folder.mkdir(parents=True)
                self._folder.chmod(0o1777)  # for other users, too
            with self._membership_lock():
                others = [file for file in self._folder.glob("*.lock") if file != self._lock_file and _is_alive(file)]
                for file in others:
                    _mark(file)
                self._lock.acquire(timeout=0)
                self._lock_file.write_text("x" if others else "")
        except OSError as error:
            log.warning("runs that share this host cannot be noticed: %s", error)
        self.look()
        return self

    def __exit__(self, *exception: object) -> None:
        self.look()
        with suppress(OSError), self._membership_lock():
            self._lock_file.unlink(missing_ok=True)
            self._lock.release()

    def look(self) -> bool:
        """Returns whether another run has measured at any time since this run began measuring."""
        with suppress(OSError):
            self.contended = self.contended or self._lock_file.stat().st_size > 0
        return self.contended

    def _membership_lock(self) -> FileLock:
        """Returns the lock that serialises joining and leaving."""
        return FileLock(self._folder / "door", mode=WORLD_WRITABLE, timeout=10)


def _is_alive(file: Path) -> bool:
    """Returns whether a process holds the lock of a file; removes the file where none does."""
    lock = FileLock(file, mode=WORLD_WRITABLE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False  # left by another user, and locked by nobody that we could see
    file.unlink(missing_ok=True)
    lock.release()
    return False


def _mark(file: Path) -> None:
    """Tells the owner of the file that it is not alone."""
    with suppress(OSError), file.open("a") as opened:
        opened.write("x")
