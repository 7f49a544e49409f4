"""What is known of one run's folder while it may still be trained: read again when the folder has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from mgu.results.on_disk.file_names import CONFIG_FILE, HISTORY_FILE, LOCK_FILE, RESULT_FILE
from mgu.results.on_disk.result_file import describe_unreadable, read_result
from mgu.results.runs.load import Run
from mgu.serve.locks import Lock, lock_of
from mgu.serve.stamps import is_settled, stamp_of

State = Literal["done", "diverged", "failed", "unreadable", "running", "interrupted"]
FRESH_S = 60.0  # a run whose files changed as lately runs, where the system does not tell who holds it


@dataclass
class SeenRun:
    """Holds what is known of one run's folder.

    Attributes:
        folder: The folder.
        stamp: Time of the folder when it was read, in nanoseconds.
        run: Its result, once it is over.
        skipped: Why its result cannot be read, if so.
        epochs_done: Epochs in its history.
        epochs: Largest number of epochs; None before its configuration is written.
        begun_s: When its configuration was written, in seconds since 1970.
        written_s: When its history was written last.
        lock: The file of its lock, as the system lists it.
        first: Epochs and time of the first look at it, from which its speed is told.
        config_stamp: Time of its configuration when that was read, in nanoseconds.
        is_locked: Whether a process holds its lock.
    """

    folder: Path
    stamp: int = -1
    run: Run | None = None
    skipped: str | None = None
    epochs_done: int = 0
    epochs: int | None = None
    begun_s: float = 0.0
    written_s: float = 0.0
    lock: Lock | None = None
    first: tuple[int, float] | None = None
    config_stamp: int = -1
    is_locked: bool = False

    @property
    def state(self) -> State:
        """The state of the run."""
        if self.is_locked:
            return "running"
        if self.run:
            status = self.run.result.status
            return "done" if status == "ok" else status
        return "unreadable" if self.skipped else "interrupted"

    @property
    def left_s(self) -> float | None:
        """Upper bound of the seconds left, by the mean epoch so far; None before an epoch is over."""
        if self.epochs is None or not self.epochs_done:
            return None
        before, since_s = self.first or (0, self.begun_s)
        if self.epochs_done <= before:
            before, since_s = 0, self.begun_s
        epoch_s = max(self.written_s - since_s, 0.0) / (self.epochs_done - before)
        return max(epoch_s * (self.epochs - self.epochs_done) - (time.time() - self.written_s), 0.0)

    def read(self, stamp: int) -> bool:
        """Reads what changed in the folder.

        Args:
            stamp: Time of the folder, in nanoseconds.

        Returns:
            Whether there is another result than before.
        """
        had = self.run
        self.stamp = stamp if is_settled(stamp) else -1  # else it is read once more
        self.run, self.skipped = None, None
        result = self.folder / RESULT_FILE
        if os.path.exists(result) or not os.access(self.folder, os.X_OK):
            try:
                self.run = Run(read_result(result), self.folder)
            except ValueError as error:
                self.skipped = f"{result}: {describe_unreadable(error)}"
        if self.run is None:
            self._read_progress()
        self.lock = lock_of(self.folder / LOCK_FILE)
        return self.run != had

    def _read_progress(self) -> None:
        config = self.folder / CONFIG_FILE
        if (stamp := stamp_of(config)) != self.config_stamp:
            self.config_stamp, self.epochs, self.first = stamp, _epochs_of(config), None
            self.begun_s = stamp / 1e9
        try:
            history = self.folder / HISTORY_FILE
            self.epochs_done = max(history.read_bytes().count(b"\n") - 1, 0)
            self.written_s = history.stat().st_mtime
        except OSError:
            self.epochs_done = 0
        if self.first is None:
            self.first = (self.epochs_done, self.written_s) if self.epochs_done else None

    def is_held(self, locked: Container[Lock] | None) -> bool:
        """Returns whether a process holds the run.

        Args:
            locked: The locks that the system lists; None where it does not.
        """
        if locked is not None:
            return self.lock is not None and self.lock in locked
        return self.run is None and self.lock is not None and time.time() - max(self.written_s, self.begun_s) < FRESH_S


def _epochs_of(config: Path) -> int | None:
    """Returns the largest number of epochs of a run."""
    try:
        values = yaml.load(config.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return int(values["training"]["epochs"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return None
