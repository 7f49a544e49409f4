"""Which trials stand for networks that there are: a run that is trained on has the weights of its last part only.

With `training.select=best` a run keeps its best epoch, and no later score is lower. With `select=last` one may be, and
the score before is that of weights that no run has any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mgu.search.curve import Incumbent
from mgu.search.strategy import Trial

Ended = TypeVar("Ended", Trial, Incumbent)


def current_trials(trials: Sequence[Ended]) -> list[Ended]:
    """Finds the trials whose training none of the others has continued.

    Args:
        trials: Trials of one study that count.

    Returns:
        Those, in the same order; a trial that was continued without a score stays.
    """
    trained_on = {trial.continues for trial in trials if trial.score is not None}
    return [trial for trial in trials if trial.number not in trained_on]
