"""Searches by two objectives: what share of both they cover at equal cost, and the points that no other beats in both.

The measure is the hypervolume of Zitzler and Thiele (https://doi.org/10.1109/4235.797969): the area of pairs of scores
that some trial beats in both, here as a share of the whole, with the second objective on a logarithmic scale, for sizes
and costs span orders of magnitude. 1 would be a single point that has the best of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log
from statistics import fmean

from mgu.report.formats.side_table import MISSING, Entry
from mgu.report.searches.against_random import MULTIPLES
from mgu.report.searches.contender import Contender
from mgu.report.searches.equal_cost import EqualCost
from mgu.report.searches.table import SearchTable, score_cells
from mgu.report.searches.variants import shared_settings
from mgu.search.current import current_trials
from mgu.search.curve import Curve, Incumbent
from mgu.tasks.score import shorten

UNITS = {"params": "parameters", "flops": "FLOPs per sample", "seconds": "time to solution [s]", "kwh": "energy [kWh]"}


@dataclass(frozen=True)
class Fronts:
    """Holds the searches on one space that have one second objective.

    Attributes:
        comparison: The comparison that they are of.
        second: Name of the second objective.
        contenders: The strategies.
    """

    comparison: EqualCost
    second: str
    contenders: Sequence[Contender]

    @property
    def objectives(self) -> str:
        """Both objectives by name, the second with its unit."""
        return f"{self.comparison.score.metric} and {UNITS[self.second]}"

    @cached_property
    def _trials(self) -> list[Incumbent]:
        return [step for contender in self.contenders for curve in contender.curves for step in curve.outcomes]

    @cached_property
    def _corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The worst and the best of both objectives."""
        scores = [step.score for step in self._trials]
        costs = [_scaled(step) for step in self._trials]
        return (min(scores), max(costs)), (max(scores), min(costs))

    def share(self, contender: Contender, amount: float) -> float | None:
        """Returns the share of both objectives that a strategy covered for so much, the mean over its studies.

        Args:
            contender: The strategy.
            amount: What was spent, in the unit of its clock.

        Returns:
            The share in 0..1; None where a study spent less, or where all trials are equal in one of the objectives.
        """
        worst, best = self._corners
        whole = (best[0] - worst[0]) * (worst[1] - best[1])
        if contender.at(amount) is None or not whole:
            return None
        return fmean(_area(_trials_at(curve, contender, amount), worst) / whole for curve in contender.curves)

    @cached_property
    def points(self) -> list[tuple[Contender, Curve, Incumbent]]:
        """The trials that no other trial beats, of all strategies, from the best score down."""
        current = [
            (contender, curve, step)
            for contender in self.contenders
            for curve in contender.curves
            for step in current_trials(curve.outcomes)
        ]
        chosen = {id(step) for step in undominated([step for *_, step in current])}
        return sorted((point for point in current if id(point[2]) in chosen), key=lambda point: -point[2].score)


def fronts_of(comparison: EqualCost) -> list[Fronts]:
    """Returns the searches that have a second objective, by space, training and objective."""
    groups: dict[tuple[object, str], list[Contender]] = {}
    for contender in comparison.contenders:
        second = contender.curves[0].settings.get("second")
        if second and any(curve.outcomes for curve in contender.curves):
            groups.setdefault((shared_settings(contender.curves[0]), second), []).append(contender)
    return [Fronts(comparison, second, contenders) for (_, second), contenders in groups.items()]


def _trials_at(curve: Curve, contender: Contender, amount: float) -> list[Incumbent]:
    """Returns the trials of a study that had ended once so much was spent, and whose runs had not been trained on."""
    return current_trials([step for step in curve.outcomes if step.spent(contender.clock) <= amount + 1e-9])


def undominated(trials: Sequence[Incumbent]) -> list[Incumbent]:
    """Returns the trials that no other is better than in one objective and as good in the other; of equal ones one."""
    front = list[Incumbent]()
    for step in sorted(trials, key=lambda each: (-each.score, each.second)):
        if not front or _scaled(step) < _scaled(front[-1]):
            front.append(step)
    return front


def front_tables(comparison: EqualCost) -> list[SearchTable]:
    """Returns two tables for each second objective: what the strategies cover, and the points that no other beats.

    Args:
        comparison: The comparison of the searches.

    Returns:
        The tables by space, training and objective; none where no search has a second objective.
    """
    return [table for fronts in fronts_of(comparison) for table in (share_table(fronts), point_table(fronts))]


def share_table(fronts: Fronts) -> SearchTable:
    """Returns the table of what each strategy covered at multiples of the unit's cost."""
    keys = ["strategy", "studies", *(f"covered_at_{multiple}x" for multiple in MULTIPLES)]
    columns = ["search", "studies", *(f"covered at {multiple}x" for multiple in MULTIPLES)]
    rows: list[list[Entry]] = []
    for contender in fronts.contenders:
        shares = [fronts.share(contender, multiple * fronts.comparison.multiple) for multiple in MULTIPLES]
        cells: list[Entry] = [MISSING if share is None else (f"{share:.1%}", share) for share in shares]
        rows.append([(contender.name, contender.name), (str(len(contender.curves)), len(contender.curves)), *cells])
    title = f"Two objectives, {fronts.objectives}: share of both that is covered"
    return SearchTable(title, keys, columns, rows)


def point_table(fronts: Fronts) -> SearchTable:
    """Returns the table of the trials that no other beats."""
    has_test = any(step.test is not None for *_, step in fronts.points)
    splits = ["val", "test"] if has_test else ["val"]
    keys = ["strategy", "study_seed", "trial", *splits, fronts.second, "run"]
    columns = ["search", "study's seed", "trial", *splits, UNITS[fronts.second], "run"]
    rows: list[list[Entry]] = []
    for contender, curve, step in fronts.points:
        assert step.second is not None
        scores = score_cells(fronts.comparison, step.val, step.test, has_test)
        numbers: list[Entry] = [(str(value), value) for value in (curve.seed, step.number)]
        second: Entry = (f"{step.second:,.0f}" if step.second >= 100 else shorten(step.second), step.second)
        run: Entry = (step.run, step.run) if step.run else MISSING
        rows.append([(contender.name, contender.name), *numbers, *scores, second, run])
    title = f"The best of both, {fronts.objectives}: trials that no other beats"
    return SearchTable(title, keys, columns, rows, ("trial", "study_seed", "run"))


def _area(trials: Sequence[Incumbent], worst: tuple[float, float]) -> float:
    """Returns the area between a front and the worst of both objectives."""
    area, last = 0.0, worst[1]
    for step in undominated(trials):
        area += (step.score - worst[0]) * (last - _scaled(step))
        last = _scaled(step)
    return area


def _scaled(step: Incumbent) -> float:
    assert step.second is not None
    return log(step.second)
