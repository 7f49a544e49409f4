"""The history of a study: an append-only file of events, from which everything that a search knows is replayed.

One line of JSON for each event:

    {"event": "study", "identity": ...}     first: which study it is of
    {"event": "asked", "number": 3, ...}    a point is to be tried by a worker, with a seed
    {"event": "taken", "number": 3, ...}    another worker goes on with it, for the first one is dead
    {"event": "cut", "number": 3, ...}      it was stopped because the budget had ended; it does not count
    {"event": "told", "number": 3, ...}     what became of it, and what it cost

A line is written whole and synced before anything follows from it. A last line without its end was torn by a crash: it
is ignored, and removed before the next one is written. How many trials have ended stands in a file beside it, by which
it is seen that other lines were lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from mgu.errors import UserError
from mgu.results.on_disk.full_disk import naming
from mgu.results.on_disk.search_files import ENDED_FILE
from mgu.search.space import Key, Space
from mgu.search.strategy import Cost, Trial


class Cut(NamedTuple):
    """Holds what a trial had spent when the budget ended.

    Attributes:
        seconds: On the wall clock.
        cpu_seconds: Of processor time; None where the system, or an older version, does not tell it.
    """

    seconds: float = 0.0
    cpu_seconds: float | None = 0.0

    def plus(self, other: Cut) -> Cut:
        """Returns the sum of both."""
        known = self.cpu_seconds is not None and other.cpu_seconds is not None
        cpu_s = (self.cpu_seconds or 0.0) + (other.cpu_seconds or 0.0)
        return Cut(self.seconds + other.seconds, cpu_s if known else None)


class History:
    """Holds the events of a study, replayed.

    Args:
        path: The file; it need not exist.
        space: What is searched, which reads the points.
        identity: Hash of the study.
        packed: What the file holds, where it is in a pack; such a history is only read.

    Raises:
        UserError: The file is of another study, or damaged before its last line.
    """

    def __init__(self, path: Path, space: Space, identity: str, packed: bytes | None = None) -> None:
        self.path, self.space, self.identity = path, space, identity
        self.is_packed = packed is not None
        self.num_written = 0 if self.is_packed else self._read_ended()  # trials that had ended when it was written last
        self.trials: list[Trial] = []
        self.workers: dict[int, str] = {}  # of the trials that have not ended, the worker by number
        self.details: dict[int, Mapping[str, Any]] = {}  # what the event "told" says beside the trial, by number
        self.order: list[int] = []  # numbers in the order in which trials ended
        self.ask_s: dict[int, float] = {}  # seconds of the strategy by number of the trial
        self.cut: dict[int, Cut] = {}  # the trials that were stopped because the budget had ended, by number
        self.before: dict[int, Cut] = {}  # the same of trials that go on with a larger one, until they end
        self.by_key: dict[Key, list[int]] = {}
        self._length = 0  # bytes that were read
        self._lines = 0  # that were read
        if packed is None:
            self.refresh()
        else:
            self._take_in(packed)

    def refresh(self) -> None:
        """Reads what other workers have written since."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._length)
                new = file.read()
        except FileNotFoundError:
            return
        self._take_in(new)

    def _take_in(self, new: bytes) -> None:
        """Replays what stands behind the lines that were read before."""
        whole = new[: new.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._lines += 1
            self._replay(line)
        self._length += len(whole)

    def append(self, event: str, **values: Any) -> None:
        """Writes an event, and takes it in. The caller holds the lock of the study, and has refreshed.

        Args:
            event: Its kind.
            values: What it says.
        """
        self.append_all([{"event": event, **values}])

    def append_all(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Writes events at once, so that whoever dies has written all of them or none, see `append`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._length
        lines = [{"event": "study", "identity": self.identity}] if is_new else []
        text = "".join(json.dumps(event) + "\n" for event in (*lines, *events)).encode()
        with naming(self.path), self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.truncate(self._length)  # removes a torn line
            file.seek(self._length)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(self.path.parent)
        self.refresh()
        with suppress(OSError):  # nothing but a warning depends on it
            (self.path.parent / ENDED_FILE).write_text(f"{len(self.order)}\n", encoding="utf-8")

    def _read_ended(self) -> int:
        """Reads how many trials the file was to tell of; before the file, for a worker may write both meanwhile."""
        try:
            return int((self.path.parent / ENDED_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # an earlier version wrote none, or it is being written
            return 0

    def running(self) -> list[Trial]:
        """Returns the trials that have not ended."""
        return [self.trials[number] for number in sorted(self.workers)]

    def tell(self, trial: Trial, details: Mapping[str, Any]) -> None:
        """Writes what became of a trial, see `append`.

        Args:
            trial: The trial with its state, score and cost.
            details: Plain values that reports need beside them.
        """
        self.append_all([told_event(trial, details)])

    @property
    def stopped(self) -> Cut:
        """What the trials had spent, in all, that the budget stopped and which have not ended since."""
        return reduce(Cut.plus, [*self.cut.values(), *self.before.values()], Cut())

    def _replay(self, line: bytes) -> None:
        """Applies a line of the file to the trials; raises UserError for a damaged one, or one of another study."""
        try:
            event = json.loads(line)
            kind = event["event"]
            if kind == "study":
                self._check_study(event["identity"])
                return
            number = event["number"]
            if kind == "asked":
                self._replay_asked(number, event)
            elif kind == "taken":
                self.workers[number] = event["worker"]
                self.before[number] = self.cut.pop(number, self.before.get(number, Cut()))
            elif kind == "cut":
                cut = Cut(event["seconds"], event.get("cpu_seconds"))
                self.cut[number] = cut.plus(self.before.pop(number, Cut()))
            elif kind == "told":
                self._replay_told(number, event)
            else:
                raise ValueError(f"{kind!r} is no event")
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UserError(
                f"{self.path} must hold one event in each line, but line {self._lines} is damaged "
                f"({type(error).__name__}: {error}). Move the folder away to begin the search anew."
            ) from None

    def _check_study(self, identity: str) -> None:
        if identity != self.identity:
            raise UserError(
                f"{self.path} must be the history of study {self.identity}, but is that of study {identity}. Move its "
                "folder away, or search with the space, strategy and configuration that it was begun with."
            )

    def _replay_asked(self, number: int, event: Mapping[str, Any]) -> None:
        """Adds the trial that was asked for, which is running; raises ValueError where one before it is missing."""
        if number != len(self.trials):
            raise ValueError(f"trial {number} follows trial {len(self.trials) - 1}")
        trial = Trial(
            number=number,
            point=self.space.read(event["point"]),
            state="running",
            seed=event["seed"],
            stop_after=event.get("stop_after"),
            continues=event.get("continues"),
            after=len(self.order),
            was_there=event.get("was_there", False),
        )
        self.trials.append(trial)
        self.workers[number] = event["worker"]
        self.ask_s[number] = event["ask_s"]
        self.by_key.setdefault(self.space.key(trial.point), []).append(number)

    def _replay_told(self, number: int, event: Mapping[str, Any]) -> None:
        self.trials[number] = replace(
            self.trials[number],
            state=event["state"],
            score=event["score"],
            second=event["second"],
            epochs=event["epochs"],
            cost=Cost(**event["cost"]),
            ended=len(self.order),
        )
        del self.workers[number]
        for known in (self.cut, self.before):
            known.pop(number, None)
        self.details[number] = event["details"]
        self.order.append(number)


def told_event(trial: Trial, details: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the event that says what became of a trial, see `History.tell`.

    Args:
        trial: The trial with its state, score and cost.
        details: Plain values that reports need beside them.

    Returns:
        Plain values: a line of the history.
    """
    told = {"state": trial.state, "score": trial.score, "second": trial.second, "epochs": trial.epochs}
    cost = {key: value for key, value in asdict(trial.cost).items() if value is not None}
    if cost["trials"] == 1:  # of nearly all, and of all earlier versions
        del cost["trials"]
    return {"event": "told", "number": trial.number, **told, "cost": cost, "details": dict(details)}


def _sync_folder(folder: Path) -> None:
    """Has the system keep the name of a new file, too, where it can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
