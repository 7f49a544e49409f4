"""Trials that run side by side spend a budget of seconds together, and are stopped when it is over."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mgu.search.budget import Budget
from mgu.search.history import Cut
from mgu.search.spending import spent_in_all
from mgu.search.strategy import Cost
from mgu.sweep.search import drive as module
from mgu.sweep.search.deadline import Deadline
from mgu.sweep.search.drive import drive
from mgu.sweep.search.worker import TrialSettings, Worker
from mgu.sweep.watch import Pending
from tests.search.test_spending import ask, study_of, tell


class Clock:
    """A clock that goes on by what is waited for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_seconds_of_trials_side_by_side_add_up(tmp_path: Path, clock: Clock) -> None:
    """Each had all that was left when it began, so that n workers spent the budget n times."""
    study = study_of(tmp_path, Budget(seconds=10.0))
    history = study.open()
    deadline = Deadline(study, study.open())
    assert deadline.at({}) is None
    ask(history, 0)
    assert deadline.at({0: 100.0}) == 110.0
    ask(history, 1)
    clock.now = 102.0
    assert deadline.at({0: 100.0, 1: 102.0}) == 102 + (10 - 2) / 2
    clock.now = 104.0
    tell(history, 0, 0.5, Cost(3.0))  # a second less than it took, of which its process took the rest
    assert deadline.at({1: 102.0}) == 104 + (10 - 3 - 2)
    clock.now = 120.0
    assert deadline.at({1: 102.0}) == 120.0  # it is over
    study.budget = Budget(trials=4)
    assert deadline.at({1: 102.0}) is None


def test_trials_of_other_processes_count_while_their_worker_lives(tmp_path: Path, clock: Clock) -> None:
    study = study_of(tmp_path, Budget(seconds=10.0))
    history = study.open()
    deadline = Deadline(study, study.open())
    with study.at_work() as other:
        ask(history, 0, worker="of the dead")
        ask(history, 1, worker=other)
        ask(history, 2)
        assert deadline.at({2: 100.0}) == 105.0
        clock.now = 103.0
        assert deadline.at({2: 100.0}) == 105.0
        history.append("cut", number=1, seconds=4.0)
        assert deadline.at({2: 100.0}) == 106.0
    clock.now = 104.0
    assert deadline.at({2: 100.0}) == 106.0


def test_what_a_trial_had_taken_before_it_was_stopped_counts_when_it_goes_on(tmp_path: Path, clock: Clock) -> None:
    study = study_of(tmp_path, Budget(seconds=10.0))
    history = study.open()
    ask(history, 0)
    history.append("cut", number=0, seconds=4.0)
    history.append("taken", number=0, worker="w")
    assert spent_in_all(history).seconds == 4.0 and Deadline(study, study.open()).at({0: 100.0}) == 106.0
    history.append("cut", number=0, seconds=6.0)
    assert spent_in_all(history).seconds == 10.0
    history.append("taken", number=0, worker="w")
    tell(history, 0, 0.5, Cost(11.0))
    assert spent_in_all(history).seconds == 11.0 and not history.before


def test_all_that_run_are_stopped_at_once_and_none_is_begun(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was stopped asked for another trial before the next one was stopped."""
    study = study_of(tmp_path, Budget(seconds=8.0))
    shown: list[str] = []
    view: Any = type("View", (), {"print_line": lambda self, line: shown.append(line)})()

    class Calling:
        processor_s = 3.0

    calling: Any = Calling()

    def train(self: Worker, trial: Any) -> Generator[Pending, None, tuple[Any, dict[str, Any]]]:
        clock.now = max(clock.now, 109.0)  # the first process imports torch, which no run pays for
        yield Pending(calling)
        raise AssertionError("it never ends")

    def wait(calls: Sequence[Any], at_most_s: float) -> list[Any]:
        clock.now += at_most_s
        return []

    monkeypatch.setattr(Worker, "_train", train)
    monkeypatch.setattr(module, "wait", wait)
    monkeypatch.setattr(Worker, "_find_done", lambda *_: False)
    settings = TrialSettings(lambda *_: None)  # type: ignore[arg-type]  # nothing is configured
    drive([Worker(study, study.open(), settings, view) for _ in range(2)])
    history = study.open()
    assert history.cut == {0: Cut(4.0, 3.0), 1: Cut(4.0, 3.0)}
    assert len(history.trials) == len(shown) == 2
    assert all("the budget has ended, and it does not count" in line for line in shown)
