"""When a budget of seconds ends the trials that run: side by side they spend it together."""

from __future__ import annotations

import time
from collections.abc import Mapping

from mgu.search.history import History
from mgu.search.spending import spent_in_all
from mgu.search.study import Study


class Deadline:
    """Adds up what a study has spent and what its running trials take, those of other processes included.

    Args:
        study: The study.
        history: Its history, which is read anew whenever the deadline is asked for.
    """

    def __init__(self, study: Study, history: History) -> None:
        self._study, self._history = study, history
        self._others: dict[int, float] = {}  # when this process first saw a trial of another one, by number

    def at(self, begun_here: Mapping[int, float]) -> float | None:
        """Returns when the seconds of the budget will be over if no trial ends before.

        Args:
            begun_here: When the trials of this process began, by number, on the clock of time.monotonic.

        Returns:
            The time on that clock; None: never, for the budget has no seconds, or nothing runs here.
        """
        if self._study.budget.seconds is None or not begun_here:
            return None
        self._history.refresh()
        now = time.monotonic()
        begun = {**begun_here, **self._running_elsewhere(begun_here, now)}
        left_s = self._study.budget.left_s(spent_in_all(self._history)) or 0.0
        running_s = sum(now - began for began in begun.values())
        return now + max(left_s - running_s, 0.0) / len(begun)

    def _running_elsewhere(self, begun_here: Mapping[int, float], now: float) -> Mapping[int, float]:
        """Returns when the trials of workers that live in other processes were first seen, by number."""
        history = self._history
        workers = {n: name for n, name in history.workers.items() if n not in begun_here and n not in history.cut}
        if workers:  # those that ask take a dead one's trial under the lock, too
            with self._study.lock():
                workers = {n: name for n, name in workers.items() if self._study.is_alive(name)}
        self._others = {number: self._others.get(number, now) for number in workers}
        return self._others
