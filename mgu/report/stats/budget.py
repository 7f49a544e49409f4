"""Expected best-so-far of a grid search in random order, by the time spent: see Dodge et al. 2019.

"Show Your Work: Improved Reporting of Experimental Results" (https://arxiv.org/abs/1909.03004) reports the expected
validation performance of the best of n random trials; here it is by seconds, since models differ in cost.

random_order.py computes it exactly over all orders. Costs are rounded to 1 / STEPS of the cost of the whole grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import chance_accuracy
from mgu.report.stats.random_order import win_probabilities
from mgu.results.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEPS = 1000
MOST_MODELS = 200  # the time to compute the curve grows with the square of their number
BAND = (0.1, 0.9)  # quantiles between which four of five searches end


@dataclass(frozen=True)
class BestSoFar:
    """Holds the expected best-so-far of the grid search over budgets, and the cost and accuracy of the unit.

    Before the first model has ended, a search is as good as guessing.

    Attributes:
        seconds: Budgets in seconds (T,).
        expected: Expected accuracy of the best so far by budget (T,), in 0..1.
        low: 10 % quantile of that accuracy over orders and seeds (T,).
        high: 90 % quantile (T,).
        unit_s: Time to solution of all units together in seconds, the mean over seeds.
        unit_accuracy: Accuracy of the best unit, the mean over seeds.
        num_units: Number of units.
        is_selected: Whether the best of the grid is selected on the data that score it.
    """

    seconds: Floats
    expected: Floats
    low: Floats
    high: Floats
    unit_s: float
    unit_accuracy: float
    num_units: int
    is_selected: bool

    @property
    def at_unit(self) -> int:
        """Index of the budget that equals the cost of the unit."""
        return min(int(self.seconds.searchsorted(self.unit_s, side="right")) - 1, len(self.seconds) - 1)

    @property
    def reached_s(self) -> float | None:
        """Budget from which the grid search is expected to be as good as the unit; None where it never is."""
        above = self.expected >= self.unit_accuracy - 1e-12
        return float(self.seconds[above.argmax()]) if above.any() else None

    @property
    def sentence(self) -> str:
        """Sentences that say whether the unit is worth its cost."""
        at, is_one = self.at_unit, self.num_units == 1
        units, best = ("the unit", "the unit") if is_one else (f"the {self.num_units} units", "the best unit")
        bias = ", which is too high because it is selected on the data that score it" * self.is_selected
        line = (
            f"A grid search in random order that takes as long as {units} ({self.unit_s:,.0f} s) is expected to reach "
            f"{self.expected[at]:.2%} ({self.low[at]:.2%} to {self.high[at]:.2%} in four of five searches){bias}; "
            f"{best} reaches {self.unit_accuracy:.2%}."
        )
        if self.reached_s is None:
            return f"{line} The whole grid search is not expected to reach the unit."
        times = self.reached_s / self.unit_s
        worth = f"the unit is {'not ' * (times < 1)}worth its cost here"
        if 0.95 < times < 1.05:
            worth = "both cost the same"
        return (
            f"{line} The grid search is expected to match it after {self.reached_s:,.0f} s, {times:.2g}x the unit's "
            f"time: {worth}."
        )


def best_so_far(table: Table) -> BestSoFar | None:
    """Computes the expected best-so-far of the grid search (Dodge et al. 2019, https://arxiv.org/abs/1909.03004).

    Args:
        table: A ranked table.

    Returns:
        The curve over budgets; None where `obstacle` gives a reason.
    """
    if obstacle(table):
        return None
    unit, baselines = table.best(table.unit_models), _affordable(table)
    assert unit
    import numpy as np

    costs = [row.cost.tts_s or 0.0 for row in baselines]
    step = sum(costs) / STEPS
    accuracies, shares = _distribution(
        table, [max(1, round(cost / step)) for cost in costs], chance_accuracy(unit.result)
    )
    below = shares.cumsum(axis=0)
    low, high = (accuracies[(below < share - 1e-9).sum(axis=0)] for share in BAND)
    return BestSoFar(
        seconds=np.arange(shares.shape[1], dtype=np.float64) * step,
        expected=accuracies @ shares,
        low=low,
        high=high,
        unit_s=sum(row.cost.tts_s or 0.0 for row in table.unit_models),
        unit_accuracy=fmean(unit.accuracies(table.tested).values()),
        num_units=len(table.unit_models),
        is_selected=table.tested == "val",
    )


def _distribution(table: Table, steps: Sequence[int], chance: float) -> tuple[Floats, Floats]:
    """Accuracies that a search may end with (A,), and how probable each is at each budget (A, T).

    steps: cost of each affordable baseline; chance: the accuracy of a search in which no model has ended.
    """
    import numpy as np

    baselines, seeds = _affordable(table), _common_seeds(table)
    shares: dict[float, Any] = {}  # by accuracy, how probable it is at each budget, summed over seeds
    for seed in seeds:
        scores = [row.accuracies("val")[seed] for row in baselines]
        values = [row.accuracies(table.tested)[seed] for row in baselines]
        probabilities = win_probabilities(steps, scores)
        by_score: dict[float, list[float]] = {}
        for score, own in zip(scores, values, strict=True):
            by_score.setdefault(score, []).append(own)
        for score, share in zip(scores, probabilities[:-1], strict=True):
            value = fmean(by_score[score])  # of models with equal scores, chance decides which one is kept
            shares[value] = shares.get(value, 0.0) + share
        shares[chance] = shares.get(chance, 0.0) + probabilities[-1]
    accuracies = sorted(shares)
    return np.array(accuracies), np.array([shares[accuracy] for accuracy in accuracies]) / len(seeds)


def obstacle(table: Table) -> str | None:
    """Explains why there is no curve of the best so far.

    Args:
        table: A ranked table.

    Returns:
        The reason as a clause; None where there is a curve.
    """
    unit, baselines = table.best(table.unit_models), _affordable(table)
    if unit is None or not unit.accuracies(table.tested) or not baselines:
        return "no unit or no baseline has both a score and a time"
    if len(baselines) > MOST_MODELS:
        return f"there are more than {MOST_MODELS} baselines"
    if any(not row.cost.tts_s for row in (*table.unit_models, *baselines)):
        return "a model has no time"
    if any(row.cost.is_disturbed for row in (*table.unit_models, *baselines)):
        return "some models were not measured alone and without interruption"
    if any(row.cost.is_starved for row in (*table.unit_models, *baselines)):
        return "other work on the machine makes wall-clock times too long"
    return None if _common_seeds(table) else "the baselines share no seed"


def _affordable(table: Table) -> list[Row]:
    """The baselines that a search can try: those that have a time and an accuracy."""
    return [row for row in table.baselines if row.cost.tts_s is not None and row.accuracies(table.tested)]


def _common_seeds(table: Table) -> list[Replicate]:
    """Seeds and folds for which every model of the grid has an accuracy: without some it would be another grid."""
    every = [row.accuracies(split).keys() for row in _affordable(table) for split in ("val", table.tested)]
    return sorted(set.intersection(*map(set, every)))
