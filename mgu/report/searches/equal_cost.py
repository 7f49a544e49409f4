"""Holds the searches of an experiment beside its unit, to compare them at multiples of the unit's cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from mgu.report.ranking.rank import Table
from mgu.report.ranking.seeds import chance_accuracy
from mgu.report.ranking.validity import has_own_processor_time
from mgu.report.searches.against_random import MULTIPLES, AgainstRandom, compare_with_random, random_beside
from mgu.report.searches.closed_form import RecordedPoints, expected_best, recorded_points
from mgu.report.searches.contender import Contender
from mgu.report.searches.unit_cost import Unit, mean_score, unit_of
from mgu.report.searches.variants import group_curves
from mgu.results.compare.fingerprints import is_same_data
from mgu.search.clock import PROCESSOR, WALL, Clock, energy_clock
from mgu.search.curve import Curve
from mgu.tasks.score import Score


@dataclass(frozen=True)
class EqualCost:
    """Holds all searches of an experiment beside its unit.

    Attributes:
        table: The ranked table of the experiment.
        contenders: The strategies, by space and then by score.
        skipped: A sentence for each study that could not be read, or lacks files.
        chosen: Names of the folders of the runs that searches chose by what they found, so that they are no sample in
            random order.
        before: Score before any trial has ended, that of a guess; None where there is none.
        on_other_rows: Number of studies left out, to which a function of the user's had returned other rows.
        clock: By which costs are counted.
    """

    table: Table
    contenders: Sequence[Contender]
    skipped: Sequence[str] = ()
    chosen: frozenset[str] = frozenset()
    before: float | None = None
    on_other_rows: int = 0
    clock: Clock = WALL

    @property
    def score(self) -> Score:
        return self.table.score

    @property
    def curves(self) -> list[Curve]:
        """The studies of all strategies."""
        return [curve for contender in self.contenders for curve in contender.curves]

    @cached_property
    def by_clocks(self) -> list[EqualCost]:
        """The comparison by this clock, and by each other that all studies and the unit tell."""
        names = dict.fromkeys(name for curve in self.curves for name in curve.costs)
        clocks = [PROCESSOR if name == PROCESSOR.name else energy_clock(name) for name in names]
        by_others = [self._by(clock) for clock in clocks]
        return [self, *(comparison for comparison in by_others if comparison is not None)]

    def _by(self, clock: Clock) -> EqualCost | None:
        if any(curve.spent(clock) is None for curve in self.curves):
            return None
        if clock == PROCESSOR and self.without_processor_time:
            return None
        contenders = [replace(contender, clock=clock) for contender in self.contenders]
        comparison = replace(self, clock=clock, contenders=contenders)
        return None if self.unit and not comparison.unit else comparison

    @cached_property
    def without_processor_time(self) -> int:
        """Number of runs of units and searches of which processor time is not the cost: on GPUs, trained together."""
        is_replayed = any(curve.origin == "replayed" for curve in self.curves)
        names = {name for curve in self.curves for name in curve.runs}
        results = [
            result
            for row in self.table.rows
            for result in row.results
            if result.seconds and (row.is_unit or is_replayed or result.folder_name in names)
        ]
        return sum(not has_own_processor_time(result) for result in results)

    @cached_property
    def unit(self) -> Unit | None:
        """The unit; None where none has both a score and a cost, by a training from new weights and not by a search."""
        searched = frozenset[str]().union(*(curve.runs for curve in self.curves))
        return unit_of(self.table, self.clock, searched)

    @cached_property
    def multiple(self) -> float:
        """The cost of one multiple; without a unit that of the longest study by the largest multiple."""
        if self.unit:
            return self.unit.cost
        spent = [contender.spent(curve) for contender in self.contenders for curve in contender.curves]
        return max(spent) / MULTIPLES[-1]

    def signed(self, value: float) -> float:
        """Returns a score of which the larger is the better."""
        return value if self.score.higher_is_better else -value

    @cached_property
    def baseline_val(self) -> float | None:
        """Validation score of the best baseline, the mean over its seeds."""
        best = self.table.best(self.table.baselines)
        return mean_score(best, "val") if best else None

    def random_of(self, contender: Contender) -> Contender | None:
        """Returns the random search on the same space with the same training; None where there is none."""
        return random_beside(contender, self.contenders)

    @cached_property
    def against_random(self) -> list[AgainstRandom | None]:
        """Each strategy against random search, in order; None where neither can be compared."""
        return compare_with_random(self.contenders, self.multiple)

    def closed_form(self, amount: float) -> tuple[float, float | None] | None:
        """Returns the expected validation and test score of random order on the grid.

        None where its models share no seed, are too many, or a cost is missing.
        """
        if self._recorded is None or self.before is None:
            return None
        vals, tests = self._recorded
        test = expected_best(tests, amount, self.before) if tests else None
        return expected_best(vals, amount, self.before), test

    @cached_property
    def _recorded(self) -> RecordedPoints | None:
        """The costs and scores of the grid by seed, on validation and on test data; None where one is not known."""
        return recorded_points(self.table, self.chosen, self.clock)


def compare_searches(
    table: Table, curves: Sequence[Curve], skipped: Sequence[str] = (), others: Sequence[Curve] = ()
) -> EqualCost | None:
    """Groups the studies of an experiment by strategy.

    Args:
        table: The ranked table of the experiment.
        curves: Its studies.
        skipped: A sentence for each study that could not be read, or lacks files.
        others: Studies that are not compared, whose runs are in the table all the same.

    Returns:
        The comparison; None where there is no study on the rows of the table.
    """
    same = on_rows_of(table, curves)
    if not same:
        return None
    row = next(iter(table.rows), None)
    is_accuracy = table.score.metric == "accuracy"
    before = chance_accuracy(row.result) if row and is_accuracy and row.result.num_classes else None
    return EqualCost(
        table,
        group_curves(same, table.score, before),
        skipped,
        chosen=runs_by_results([*same, *on_rows_of(table, others)]),
        before=before,
        on_other_rows=len(curves) - len(same),
    )


def on_rows_of(table: Table, curves: Sequence[Curve]) -> list[Curve]:
    """Returns the studies to which a function of the user's has returned the rows of a table."""
    return [curve for curve in curves if is_same_data(curve.fingerprint, table.fingerprint)]


def by_score_of(table: Table, curves: Sequence[Curve]) -> list[Curve]:
    """Returns the studies that went by the score which a table is ranked by.

    Args:
        table: The table.
        curves: Studies of its experiment.

    Returns:
        Those, with studies that trained no run to its end.
    """
    return [curve for curve in curves if curve.metric in (None, table.score.metric)]


def runs_by_results(curves: Sequence[Curve]) -> frozenset[str]:
    """Returns the names of the folders of the runs that searches chose by what they had found."""
    return frozenset[str]().union(*(curve.runs for curve in curves if curve.follows_results))
