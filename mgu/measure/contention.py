"""Who else measures on this host: runs that do so at the same time spoil each other's time and energy.

Every run keeps a locked file in one folder of the host while it measures. A newcomer writes a mark into the files of
those that it finds there, so that even a neighbour that comes and goes between two looks is noticed by both. The locks
die with their owners; a file without one is cleared away.
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
EVERYBODY = 0o666  # runs of other users on this host count, too


def host_folder() -> Path:
    """The one folder of this host; MGU_PRESENCE moves it, as for tests that must not see one another."""
    return Path(os.environ.get("MGU_PRESENCE") or Path(tempfile.gettempdir()) / "mgu-measuring")


class Presence:
    """`with Presence() as presence: measure()`; then `presence.contended`."""

    contended = False

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or host_folder()
        self._own = self._folder / f"{uuid.uuid4().hex}.lock"
        self._lock = FileLock(self._own, mode=EVERYBODY)

    def __enter__(self) -> Self:
        try:
            with suppress(FileExistsError):
                self._folder.mkdir(parents=True)
                self._folder.chmod(0o1777)  # for other users, too
            with self._door():
                others = [file for file in self._folder.glob("*.lock") if file != self._own and _is_alive(file)]
                for file in others:
                    _mark(file)
                self._lock.acquire(timeout=0)
                self._own.write_text("x" if others else "")
        except OSError as error:
            log.warning("runs that share this host cannot be noticed: %s", error)
        self.look()
        return self

    def __exit__(self, *exception: object) -> None:
        self.look()
        with suppress(OSError), self._door():
            self._own.unlink(missing_ok=True)
            self._lock.release()

    def look(self) -> bool:
        """Whether another run has measured at any time since this one began to."""
        with suppress(OSError):
            self.contended = self.contended or self._own.stat().st_size > 0
        return self.contended

    def _door(self) -> FileLock:
        """One at a time comes or goes."""
        return FileLock(self._folder / "door", mode=EVERYBODY, timeout=10)


def _is_alive(file: Path) -> bool:
    """Whether a process holds the lock; clears the file away where none does."""
    lock = FileLock(file, mode=EVERYBODY)
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
    with suppress(OSError), file.open("a") as opened:
        opened.write("x")
