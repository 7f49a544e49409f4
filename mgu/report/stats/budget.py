"""How good the best of a grid is expected to be after a budget of time, its models trained in random order.

Over all orders, without drawing any. Models are tried one after another until the budget is spent; one that it does not
cover is lost. Let L be the models that score below a threshold, H the others. The best reaches the threshold if the
first of H to come is over in time, that is, if the cost of those of L before it, a subset S, leaves room for it. Of all
orders of N models, a share of 1 / (N C(N-1, |S|)) begins with S and then that one; subsets are counted by their size
and cost as in the knapsack problem. Costs are rounded to a STEPS-th of the whole grid's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from mgu.report.ranking.rank import Row, Table
from mgu.report.ranking.seeds import guess

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEPS = 1000
MOST_MODELS = 200  # it takes their number to the square
BAND = (0.1, 0.9)  # four searches of five end in it


@dataclass(frozen=True)
class Budget:
    """By budget in seconds (T,): expected accuracy of the best so far, and the quantiles of BAND over orders and seeds.
    Before the first model is over, a search has a guess. `unit_s` and `unit_accuracy` are means over seeds, of all
    units together and of the best; `is_picked`: whether the best of the grid is picked on what scores it.

    reached_s: from where on the grid is expected to be as good as the unit; None where it never is.
    """

    seconds: Floats
    expected: Floats
    low: Floats
    high: Floats
    unit_s: float
    unit_accuracy: float
    num_units: int
    is_picked: bool

    @property
    def at_unit(self) -> int:
        """Index of the unit's own cost."""
        return min(int(self.seconds.searchsorted(self.unit_s, side="right")) - 1, len(self.seconds) - 1)

    @property
    def reached_s(self) -> float | None:
        above = self.expected >= self.unit_accuracy - 1e-12
        return float(self.seconds[above.argmax()]) if above.any() else None

    @property
    def sentence(self) -> str:
        """Where the unit pays, and where it does not."""
        at = self.at_unit
        best = f"{self.expected[at]:.2%} ({self.low[at]:.2%} to {self.high[at]:.2%} in four of five)"
        picked = ", picked on what scores it, which flatters it" * self.is_picked
        units = "the unit" if self.num_units == 1 else f"the {self.num_units} units"
        line = (
            f"Spending {units}' {self.unit_s:,.0f} s on the grid in random order is expected to give {best}{picked}, "
            f"{'the unit' if self.num_units == 1 else 'the best unit'} {self.unit_accuracy:.2%}"
        ).replace("unit' ", "unit's ")
        if self.reached_s is None:
            return f"{line}: the whole grid is not expected to reach the unit."
        times = self.reached_s / self.unit_s
        pays = "they cost the same" if 0.95 < times < 1.05 else f"the unit {'pays' if times > 1 else 'does not pay'}"
        return f"{line}: the grid is there after {self.reached_s:,.0f} s, {times:.2g}x the unit's time; {pays}."


def budget(table: Table) -> Budget | None:
    """None where `obstacle` has a reason."""
    if obstacle(table):
        return None
    unit, baselines = table.best(table.units), _affordable(table)
    assert unit
    import numpy as np

    costs = [row.tts_s or 0.0 for row in baselines]
    step = sum(costs) / STEPS
    steps = [max(1, round(cost / step)) for cost in costs]
    chance = guess(unit.result)
    shares: dict[float, Any] = {}  # by accuracy, how probable it is at each budget, summed over seeds
    seeds = _common_seeds(table)
    for seed in seeds:
        scores = [row.accuracies("val")[seed] for row in baselines]
        values = [row.accuracies(table.tested)[seed] for row in baselines]
        probabilities = win_probabilities(steps, scores)
        for score, share in zip(scores, probabilities[:-1], strict=True):
            # Of equal ones, which is kept is left to chance.
            value = fmean(own for other, own in zip(scores, values, strict=True) if other == score)
            shares[value] = shares.get(value, 0.0) + share
        shares[chance] = shares.get(chance, 0.0) + probabilities[-1]
    accuracies = sorted(shares)
    spread = np.array([shares[accuracy] for accuracy in accuracies]) / len(seeds)  # (accuracies, budgets)
    below = spread.cumsum(axis=0)
    low, high = (np.array(accuracies)[(below < share - 1e-9).sum(axis=0)] for share in BAND)
    return Budget(
        seconds=np.arange(spread.shape[1], dtype=np.float64) * step,
        expected=np.array(accuracies) @ spread,
        low=low,
        high=high,
        unit_s=sum(row.tts_s or 0.0 for row in table.units),
        unit_accuracy=fmean(unit.accuracies(table.tested).values()),
        num_units=len(table.units),
        is_picked=table.tested == "val",
    )


def obstacle(table: Table) -> str | None:
    """Why there is no curve, in words; None where there is one."""
    unit, baselines = table.best(table.units), _affordable(table)
    if unit is None or not unit.accuracies(table.tested) or not baselines:
        return "no unit, or no baseline, was both scored and timed"
    if len(baselines) > MOST_MODELS:
        return f"there are more than {MOST_MODELS} baselines"
    if any(not row.tts_s for row in (*table.units, *baselines)):
        return "a model has no time"
    if any(row.is_disturbed for row in (*table.units, *baselines)):
        return "not every model was measured on its own and in one go"
    if any(row.is_starved for row in (*table.units, *baselines)):
        return "the machine had other work, which wall-clock time counts"
    return None if _common_seeds(table) else "the baselines have no seed in common"


def _affordable(table: Table) -> list[Row]:
    """The baselines that a search can buy: those that have a price and a value."""
    return [row for row in table.baselines if row.tts_s is not None and row.accuracies(table.tested)]


def _common_seeds(table: Table) -> list[int]:
    """Of which every model of the grid has a value: a grid that lacks some would be another grid."""
    every = [row.accuracies(split).keys() for row in _affordable(table) for split in ("val", table.tested)]
    return sorted(set.intersection(*map(set, every)))


def win_probabilities(costs: Sequence[int], scores: Sequence[float]) -> Floats:
    """For every budget from 0 to the sum of `costs`, how probable it is that model k is the best of those that are
    over, and in the last row that none is (N + 1, budgets). Of equal scores the first wins.
    """
    import numpy as np

    count, total = len(costs), sum(costs)
    share = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
    subsets = np.zeros((count, total + 1))  # of L: by size, how many cost exactly so much
    subsets[0, 0] = 1
    order = sorted(range(count), key=lambda k: (scores[k], -k))  # worst first
    reached = np.zeros((count + 1, total + 1))  # by the size of L: that one of H is over
    for size_of_l, k in enumerate(order):
        room = (share @ subsets).cumsum()  # by budget left, summed over S
        for other in order[size_of_l:]:
            reached[size_of_l, costs[other] :] += room[: total + 1 - costs[other]]
        subsets[1:, costs[k] :] += subsets[:-1, : total + 1 - costs[k]].copy()
    wins = np.empty_like(reached)
    wins[order] = reached[:-1] - reached[1:]
    wins[count] = 1 - reached[0]
    return wins.clip(0, 1)
