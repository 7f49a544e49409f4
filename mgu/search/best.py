"""The best trial of a search at any time, of those whose network is there: it keeps numbers of trials and nothing else.

A run that is trained on has the weights of its last part only, see current.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from mgu.search.strategy import Trial


class Best:
    """Follows which trial has the best of the networks that there are.

    Args:
        trials: All trials by number.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = trials
        self.number: int | None = None  # of the trial
        self.last: dict[int, int] = {}  # trial of each run, by the number of the run's first one
        self.first: dict[int, int] = {}  # trial of the run, by the number of one that continues it

    def take(self, trial: Trial) -> int | None:
        """Takes in a trial that has ended.

        Args:
            trial: The trial, with its score.

        Returns:
            Number of the best trial, if that has become another one or was trained on; else None.
        """
        run = trial.number if trial.continues is None else self.first.get(trial.continues, trial.continues)
        if trial.continues is not None:
            self.first[trial.number] = run
        self.last[run] = trial.number
        if self.number is None or self._score(trial.number) > self._score(self.number):
            self.number = trial.number
        elif trial.continues is not None and self.first.get(self.number, self.number) == run:  # it is there no more
            self.number = max(self.last.values(), key=self._score)  # of equal ones the one that began first
        else:
            return None
        return self.number

    def _score(self, number: int) -> float:
        score = self.trials[number].score
        assert score is not None
        return score
