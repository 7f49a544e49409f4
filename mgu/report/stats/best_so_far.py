"""Expected best-so-far of a grid search in random order, by its cost: see Dodge et al. 2019.

"Show Your Work: Improved Reporting of Experimental Results" (https://arxiv.org/abs/1909.03004) reports the expected
validation performance of the best of n random trials; here it is by seconds, since models differ in cost.

random_order.py computes it exactly over all orders. Costs are rounded to 1 / STEPS of the cost of the whole grid.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mgu.console.text import describe_s
from mgu.report.ranking.grid import grid_rows
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import chance_accuracy
from mgu.report.stats.correct import Correct
from mgu.report.stats.random_order import win_probabilities
from mgu.report.stats.sample import Images, Sample, Weighted
from mgu.report.utilisation import Utilisation, compare_utilisation
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

STEPS = 1000
MOST_MODELS = 200  # the time to compute the curve grows with the square of their number
BAND = (0.1, 0.9)  # quantiles between which four of five searches end
Basis = Literal["time", "processor"]
ALL_SEARCHED = "searches trained all baselines, and which these are depends on what they found"
BASES: dict[Basis, str] = {"time": "time to solution", "processor": "processor time"}


@dataclass(frozen=True)
class BestSoFar:
    """Holds the expected best-so-far of the grid search over budgets.

    Before the first model has ended, a search is as good as guessing.

    Attributes:
        table: The ranking.
        basis: What is counted: wall-clock time, or processor time where other work disturbed the former.
        baselines: The models that a search can try.
        correct: The right answers of each, by seed and fold.
        seconds: Budgets in seconds (T,).
        expected: Expected accuracy of the best so far by budget (T,), in 0..1.
        low: 10 % quantile of that accuracy over orders and seeds (T,).
        high: 90 % quantile (T,).
        wins: By seed and fold how probable it is that each baseline is the best, or, last, none (N + 1, T).
        chance: Accuracy of guessing, in 0..1.
    """

    table: Table
    basis: Basis
    baselines: Sequence[Row]
    correct: Sequence[Correct]
    seconds: Floats
    expected: Floats
    low: Floats
    high: Floats
    wins: Mapping[Replicate, Floats]
    chance: float

    @property
    def is_selected(self) -> bool:
        """Whether the best of the grid is selected on the data that score it."""
        return self.table.tested == "val"

    def cost_of(self, rows: Sequence[Row]) -> float | None:
        """Returns the seconds of some models together, each the mean over its seeds; None where one is not known.

        What a model took that starts from trained weights is not known: it was charged for the rest of its training.
        """
        if any(row.cost.is_partial for row in rows):
            return None
        costs = [_cost(row, self.basis) for row in rows]
        return sum(cost or 0.0 for cost in costs) if all(costs) else None

    def utilisation(self, rows: Sequence[Row]) -> Utilisation | None:
        """Returns how busy the machine was under the grid and some models; None where time is counted."""
        if self.basis == "time":
            return None
        grid, models = ([r for row in side for r in row.cost.on_processor] for side in (self.baselines, rows))
        return compare_utilisation(grid, models)

    def at(self, seconds: float) -> int:
        """Returns the index of the largest budget that is no more than some seconds."""
        return min(int(self.seconds.searchsorted(seconds, side="right")) - 1, len(self.seconds) - 1)

    def reached_s(self, accuracy: float) -> float | None:
        """Returns the budget from which the search is expected to be that accurate; None where it never is."""
        above = self.expected >= accuracy - 1e-12
        return float(self.seconds[above.argmax()]) if above.any() else None

    def over(self, replicates: Collection[Replicate]) -> BestSoFar:
        """Returns the curve of some of its seeds and folds alone, to stand beside a model with these; of none, itself.

        Args:
            replicates: The seeds and folds.
        """
        wins = {replicate: self.wins[replicate] for replicate in self.wins if replicate in replicates}
        if not wins or len(wins) == len(self.wins):
            return self
        expected, low, high = _expectation(self.table, self.baselines, wins, self.chance)
        return replace(self, wins=wins, expected=expected, low=low, high=high)

    def sample_at(self, seconds: float) -> Sample:
        """Returns what a search of that many seconds is expected to find, to compare with.

        Args:
            seconds: The budget.

        Returns:
            By seed and fold the expected accuracy and, where every model that it may find has right answers, by test
            image how probable a right answer is.
        """
        budget = self.at(seconds)
        scores: dict[Replicate, float] = {}
        images: dict[Replicate, Images] = {}
        for replicate, wins in self.wins.items():
            weights = [float(share) for share in wins[:-1, budget]]
            rest = float(wins[-1, budget]) * self.chance
            values = [row.accuracies(self.table.tested)[replicate] for row in self.baselines]
            scores[replicate] = sum(w * value for w, value in zip(weights, values, strict=True)) + rest
            parts = [(w, correct.get(replicate)) for w, correct in zip(weights, self.correct, strict=True) if w > 0]
            known = tuple((w, bits) for w, bits in parts if bits)
            if known and len(known) == len(parts):
                images[replicate] = Weighted(known, rest)
        name = f"a grid search in random order of {describe_s(seconds)}"
        return Sample(name, tuple(self.baselines), scores, images)


def best_so_far(
    table: Table, correct: Sequence[Correct] = (), chosen: Collection[str] = frozenset()
) -> BestSoFar | None:
    """Computes the expected best-so-far of the grid search (Dodge et al. 2019, https://arxiv.org/abs/1909.03004).

    Args:
        table: A ranked table.
        correct: For each row of the table the right answers by seed and fold; empty: there are none.
        chosen: Names of the folders of the runs that searches chose by what they found, see `grid_rows`.

    Returns:
        The curve over budgets; None where `obstacle` gives a reason.
    """
    baselines = _affordable(table, chosen)
    basis = _basis(table, baselines)
    if basis is None or obstacle(table, chosen):
        return None
    import numpy as np

    answers = {id(row): bits for row, bits in zip(table.rows, correct, strict=bool(correct))}
    costs = [_cost(row, basis) or 0.0 for row in baselines]
    step = sum(costs) / STEPS
    wins = _wins(table, baselines, [max(1, round(cost / step)) for cost in costs])
    chance = chance_accuracy(baselines[0].result)
    expected, low, high = _expectation(table, baselines, wins, chance)
    return BestSoFar(
        table=table,
        basis=basis,
        baselines=baselines,
        correct=[answers.get(id(row), {}) for row in baselines],
        seconds=np.arange(len(expected), dtype=np.float64) * step,
        expected=expected,
        low=low,
        high=high,
        wins=wins,
        chance=chance,
    )


def _wins(table: Table, baselines: Sequence[Row], steps: Sequence[int]) -> dict[Replicate, Floats]:
    """Returns by seed how probable it is at each budget that each baseline is found; `steps` is the cost of each."""
    wins = {}
    for seed in _common_seeds(table, baselines):
        scores = [row.accuracies("val")[seed] for row in baselines]
        wins[seed] = win_probabilities(steps, scores)
    return wins


def _expectation(
    table: Table, baselines: Sequence[Row], wins: Mapping[Replicate, Floats], chance: float
) -> tuple[Floats, Floats, Floats]:
    """Returns by budget (T,) the expected accuracy of the best so far and its quantiles, over orders and seeds."""
    accuracies, shares = _distribution(table, baselines, wins, chance)
    below = shares.cumsum(axis=0)
    low, high = (accuracies[(below < share - 1e-9).sum(axis=0)] for share in BAND)
    return accuracies @ shares, low, high


def _distribution(
    table: Table, baselines: Sequence[Row], wins: Mapping[Replicate, Floats], chance: float
) -> tuple[Floats, Floats]:
    """Accuracies that a search may end with (A,), and how probable each is at each budget (A, T), over the seeds."""
    import numpy as np

    shares: dict[float, Any] = {}  # by accuracy, how probable it is at each budget, summed over seeds
    for seed, wins_of_seed in wins.items():
        values = [row.accuracies(table.tested)[seed] for row in baselines]
        for value, share in zip([*values, chance], wins_of_seed, strict=True):
            shares[value] = shares.get(value, 0.0) + share
    accuracies = sorted(shares)
    return np.array(accuracies), np.array([shares[accuracy] for accuracy in accuracies]) / len(wins)


def obstacle(table: Table, chosen: Collection[str] = frozenset()) -> str | None:
    """Explains why there is no curve of the best so far.

    Args:
        table: A ranked table.
        chosen: Names of the folders of the runs that searches chose by what they found.

    Returns:
        The reason as a clause; None where there is a curve.
    """
    unit, baselines = table.best(table.unit_models), _affordable(table, chosen)
    if unit is None or not unit.accuracies(table.tested) or not baselines:
        is_searched = bool(table.baselines) and not grid_rows(table, chosen)
        return ALL_SEARCHED if is_searched else "no unit or no baseline has both a score and a time"
    if len(baselines) > MOST_MODELS:
        return f"there are more than {MOST_MODELS} baselines"
    lacking = {
        "a baseline starts from trained weights, which it was not charged for": lambda row: row.cost.is_partial,
        "a model has no time": lambda row: not row.cost.tts_s,
    }
    if reason := next((text for text, is_so in lacking.items() if any(map(is_so, baselines))), None):
        return reason
    if _basis(table, baselines) is None:
        if any(row.cost.is_disturbed for row in (*table.unit_models, *baselines)):
            return "some models were not measured alone and without interruption, and their processor time is not known"
        return "other work on the machine makes wall-clock times too long, and processor time is not known"
    return None if _common_seeds(table, baselines) else "the baselines share no seed"


def _basis(table: Table, baselines: Sequence[Row]) -> Basis | None:
    """Chooses what is counted: time, where it was measured undisturbed, else the processor time of runs on a CPU."""
    rows = [*table.unit_models, *baselines]
    if not any(row.cost.is_disturbed or row.cost.is_starved for row in rows):
        return "time"
    return "processor" if all(row.cost.has_own_processor_time for row in rows) else None


def _cost(row: Row, basis: Basis) -> float | None:
    return row.cost.tts_s if basis == "time" else row.cost.processor_s


def _affordable(table: Table, chosen: Collection[str]) -> list[Row]:
    """Returns the baselines that a search of the grid can try: those that have a time and an accuracy."""
    return [row for row in grid_rows(table, chosen) if row.cost.tts_s is not None and row.accuracies(table.tested)]


def _common_seeds(table: Table, baselines: Sequence[Row]) -> list[Replicate]:
    """Seeds and folds for which every model of the grid has an accuracy: without some it would be another grid."""
    every = [row.accuracies(split).keys() for row in baselines for split in ("val", table.tested)]
    return sorted(set.intersection(*map(set, every)))
