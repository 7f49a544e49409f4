"""A study: one search of one space by one strategy with one seed, in a folder that several workers may share.

runs/<experiment>/search/<strategy>-<space>-s<seed>-<identity>/
    study.yaml       what is searched, how, and for how much
    history.jsonl    what happened, see history.py
    .ended           how many trials that tells of; confirmed.json may lie beside it, see search_files.py
    .lock            held while a worker reads the history, asks and writes
    workers/ID.lock  held by a worker as long as it lives: a trial of a dead one is free again
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from filelock import FileLock, Timeout

from mgu.errors import UserError
from mgu.results.compare.fingerprints import is_same_data
from mgu.results.on_disk.closed import closed_run, find_closed
from mgu.results.on_disk.files import make_folder, write_text
from mgu.results.on_disk.search_files import SEARCH_FOLDER, STUDY_FILE, STUDY_HISTORY_FILE
from mgu.search.budget import Budget
from mgu.search.history import History
from mgu.search.space import Space
from mgu.search.strategy import Strategy


class SearchedData(NamedTuple):
    """Holds the data of a study, by which reports find it.

    Attributes:
        dataset: Name of the data set.
        split: Name of its split.
        fingerprint: Tells whether a function of the user's returns the same rows again; None: not known.
    """

    dataset: str
    split: str
    fingerprint: str | None = None


class Study:
    """Holds what a study is.

    Args:
        folder: The experiment's folder.
        space: What is searched.
        strategy: Asks for points.
        name: Name of the strategy.
        seed: Seed of the study.
        budget: The resolved budget. It is no part of the identity: with a larger one, a study goes on.
        settings: What else identifies the study, as plain values: options, second objective, the configuration of a
            trial without its point.
        data: What it is searched on.
    """

    def __init__(
        self,
        folder: Path,
        space: Space,
        strategy: Strategy,
        name: str,
        seed: int,
        budget: Budget,
        settings: Mapping[str, Any],
        data: SearchedData,
    ) -> None:
        self.data = data
        self.space, self.strategy, self.name, self.seed, self.budget = space, strategy, name, seed, budget
        self.settings = dict(settings)
        described = {"strategy": name, "seed": seed, "space": space.describe(), **self.settings}
        self.described: dict[str, Any] = json.loads(json.dumps(described, sort_keys=True, default=str))
        self.identity = hashlib.sha256(json.dumps(self.described, sort_keys=True).encode()).hexdigest()[:8]
        self.folder = folder / SEARCH_FOLDER / f"{name}-{space.name}-s{seed}-{self.identity}"

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.name} on {self.space.name}, seed {self.seed}"

    def read(self) -> History:
        """Reads the history as it is, which is empty where there is no file.

        Raises:
            UserError: It is damaged, of another study, or cannot be read by this user.
        """
        closed = find_closed(self.folder)
        if closed and closed.lacks == "read":
            raise closed_run(self.title, closed)
        return History(self.folder / STUDY_HISTORY_FILE, self.space, self.identity)

    @property
    def has_begun(self) -> bool:
        """Whether it has a history."""
        return os.path.exists(self.folder / STUDY_HISTORY_FILE)

    def open(self) -> History:
        """Creates the folder if it is new, and reads the history.

        Raises:
            UserError: The folder is of another study, or cannot be written.
        """
        if closed := find_closed(self.folder if os.path.exists(self.folder) else self.folder.parent):
            raise closed_run(self.title, closed)
        make_folder(self.folder)
        (self.folder / "workers").mkdir(exist_ok=True)
        with self.lock():
            self._check_file()
            content = {
                "identity": self.identity,
                **self.described,
                "data": [self.data.dataset, self.data.split],
                **({"fingerprint": self.data.fingerprint} if self.data.fingerprint else {}),
                "size": self.space.size,
                "unit": self.space.unit,
                "budget": asdict(self.budget),
            }
            write_text(self.folder / STUDY_FILE, yaml.safe_dump(content, sort_keys=False))
            return self.read()

    def _check_file(self) -> None:
        """Checks that study.yaml, if there, is of this study, and on the rows of today once a trial ended or runs."""
        path = self.folder / STUDY_FILE
        if not path.exists():
            return
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            identity, fingerprint = content.get("identity"), content.get("fingerprint")
        except (OSError, AttributeError, ValueError, yaml.YAMLError):
            identity, fingerprint = "that cannot be read", None
        if identity != self.identity:
            raise UserError(
                f"{path} must be of study {self.identity}, but is of study {identity}. Move its folder away, or search "
                "with what it was begun with."
            )
        if not is_same_data(fingerprint, self.data.fingerprint) and (self._was_told() or self._has_workers()):
            raise UserError(
                f"{path} must be of a study on the rows of today, but dataset.target has returned others to it. Seed "
                "what it draws, as by random_state=0, or put back the files that it reads, or move the study's folder "
                "away."
            )

    def _was_told(self) -> bool:
        """Returns whether a trial has ended; until then it does not matter with which rows the study was begun."""
        return bool(self.read().order)

    def _has_workers(self) -> bool:
        """Returns whether a worker is at a trial, which it will tell of the rows that the study was begun with."""
        return any(self.is_alive(file.stem) for file in (self.folder / "workers").glob("*.lock"))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Waits for the lock of the study, and holds it for the block, which must be short."""
        with FileLock(self.folder / ".lock", thread_local=False, poll_interval=0.01):
            yield

    @contextmanager
    def at_work(self) -> Iterator[str]:
        """Registers a worker for the block; yields its name. The lock on its file ends with its process."""
        number = time.time_ns()
        name = f"{socket.gethostname()}-{os.getpid()}-{number}"
        path = self.folder / "workers" / f"{name}.lock"
        with FileLock(path, thread_local=False):
            try:
                yield name
            finally:
                path.unlink(missing_ok=True)

    def is_alive(self, worker: str) -> bool:
        """Returns whether a worker still runs: whether it holds the lock of its file."""
        path = self.folder / "workers" / f"{worker}.lock"
        if not path.exists():
            return False
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        path.unlink(missing_ok=True)
        return False
