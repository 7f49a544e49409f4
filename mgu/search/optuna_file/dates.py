"""The times of trials as Optuna needs them, though a history has durations only.

Optuna refuses to copy a finished trial that has no dates. So they are those of the study's own clock: the seconds that
it had spent on trials and strategy, as its report counts them, from a date on that nobody takes for one of theirs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mgu.search.budget import Spent
from mgu.search.history import History
from mgu.search.strategy import Trial

ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
MEANING = (
    "These are no dates: from 2000-01-01 00:00 UTC on they count the seconds that the study had spent when a trial "
    "ended. The duration of a trial is what it cost."
)


class Times(NamedTuple):
    """Holds when a trial began and ended, in local time without a zone as Optuna has it; None: it runs."""

    start: datetime
    complete: datetime | None


class Dates:
    """Tells the dates of a study's trials.

    Args:
        history: Its history.
    """

    def __init__(self, history: History) -> None:
        spent = Spent()
        self._seconds = [0.0]  # after so many trials had ended
        for number in history.order:
            spent = spent.plus(history.trials[number].cost, history.ask_s[number])
            self._seconds.append(spent.seconds)

    def times(self, trial: Trial) -> Times:
        """Returns the times of a trial: one that runs began when it was asked for."""
        if trial.ended is None:
            return Times(_at(self._seconds[trial.after]), None)
        complete_s = self._seconds[trial.ended + 1]
        return Times(_at(complete_s - trial.cost.seconds), _at(complete_s))


def _at(seconds: float) -> datetime:
    return (ORIGIN + timedelta(seconds=seconds)).astimezone().replace(tzinfo=None)
