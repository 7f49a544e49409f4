"""Compares strategies at multiples of the unit's cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from mgu.report.ranking.grid import grid_rows
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import chance_accuracy
from mgu.report.ranking.validity import has_own_processor_time
from mgu.report.searches.closed_form import Tried, expected_best
from mgu.report.searches.contender import Contender
from mgu.report.searches.variants import group_curves, shared_settings
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.ttest import t_tests
from mgu.results.compare.fingerprints import is_same_data
from mgu.results.schema.result import Result
from mgu.search.clock import PROCESSOR, WALL, Clock, energy_clock
from mgu.search.costs import cost_of
from mgu.search.curve import Curve
from mgu.search.outcome import score_of
from mgu.tasks.score import Score

MULTIPLES = (1, 2, 4, 10)
LEAST_STUDIES = 5  # of a strategy, below which a sentence says that they are few
MOST_POINTS = 200  # for the closed form, whose time grows with the square of their number


@dataclass(frozen=True)
class Unit:
    """Holds what the searches are compared with.

    Attributes:
        name: Name of the best unit.
        cost: What training all units once costs, the mean over seeds.
        val: Validation score of the best unit, the mean over seeds.
        test: Its test score; None where there is none.
        params: Its trainable parameters.
        trials: Number of units that were trained, all of which were paid for.
    """

    name: str
    cost: float
    val: float
    test: float | None
    params: int | None
    trials: int = 1


@dataclass(frozen=True)
class AgainstRandom:
    """Holds a comparison of a strategy with random search.

    Attributes:
        multiple: Of the unit's cost, at which they are compared.
        split: Whose score is compared: "test", or "validation" where there is none.
        differences: The score of the strategy minus that of random search, for each study seed that both have.
        p: The corrected p-value; None where it cannot be tested.
    """

    multiple: int
    split: str
    differences: Sequence[float]
    p: float | None = None


@dataclass(frozen=True)
class EqualCost:
    """Holds all searches of an experiment beside its unit.

    Attributes:
        table: The ranked table of the experiment.
        contenders: The strategies, by space and then by score.
        skipped: Studies that could not be read.
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

    @cached_property
    def by_clocks(self) -> list[EqualCost]:
        """The comparison by this clock, and by each other that all studies and the unit tell."""
        names = dict.fromkeys(name for own in self.contenders for curve in own.curves for name in curve.costs)
        clocks = [PROCESSOR if name == PROCESSOR.name else energy_clock(name) for name in names]
        return [self, *(own for clock in clocks if (own := self._by(clock)) is not None)]

    @cached_property
    def without_processor_time(self) -> int:
        """Number of runs of units and searches of which processor time is not the cost: on GPUs, trained together."""
        curves = [curve for own in self.contenders for curve in own.curves]
        is_replayed = any(curve.origin == "replayed" for curve in curves)
        names = {name for curve in curves for name in curve.runs}
        results = [
            result
            for row in self.table.rows
            for result in row.results
            if result.seconds and (row.is_unit or is_replayed or result.folder_name in names)
        ]
        return sum(not has_own_processor_time(result) for result in results)

    def _by(self, clock: Clock) -> EqualCost | None:
        if any(curve.spent(clock) is None for own in self.contenders for curve in own.curves):
            return None
        if clock == PROCESSOR and self.without_processor_time:
            return None
        found = replace(self, clock=clock, contenders=[replace(own, clock=clock) for own in self.contenders])
        return None if self.unit and not found.unit else found

    @cached_property
    def unit(self) -> Unit | None:
        """The unit; None where none has both a score and a cost, by a training from new weights."""
        rows = [row for row in self.table.unit_models if not row.cost.is_partial]
        best = self.table.best(rows)
        known = [own for row in rows if (own := [self._cost(result) for result in row.results if result.seconds])]
        costs = [fmean(cost for cost in own if cost is not None) for own in known if None not in own]
        vals = _scores_of(best, "val") if best else []
        if best is None or not costs or len(costs) < len(known) or not vals:
            return None
        tests = _scores_of(best, "test")
        test, params = fmean(tests) if tests else None, best.result.params_trainable
        return Unit(best.name, sum(costs), fmean(vals), test, params, len(costs))

    def _cost(self, result: Result) -> float | None:
        return self.clock.of(cost_of(result), result.seconds.to_solution if result.seconds else None)

    @cached_property
    def multiple(self) -> float:
        """The cost of one multiple; without a unit that of the longest study by the largest multiple."""
        if self.unit:
            return self.unit.cost
        return max(own.spent(curve) for own in self.contenders for curve in own.curves) / MULTIPLES[-1]

    @property
    def score(self) -> Score:
        return self.table.score

    def signed(self, value: float) -> float:
        """Returns a score of which the larger is the better."""
        return value if self.score.higher_is_better else -value

    @cached_property
    def baseline_val(self) -> float | None:
        """Validation score of the best baseline, the mean over its seeds."""
        best = self.table.best(self.table.baselines)
        vals = _scores_of(best, "val") if best else []
        return fmean(vals) if vals else None

    def random_of(self, own: Contender) -> Contender | None:
        """Returns the random search on the same space with the same training; None where there is none."""
        wanted = shared_settings(own.curves[0])
        same = [c for c in self.contenders if c.is_random and shared_settings(c.curves[0]) == wanted]
        return same[0] if same else None

    @cached_property
    def against_random(self) -> list[AgainstRandom | None]:
        """Compares each strategy with random search, at the largest multiple that both reached; None where neither can.

        Student's t over the study seeds that both have, two-sided, corrected over all strategies by Holm's method.
        """
        found = [self._compare_with_random(own) for own in self.contenders]
        tests = t_tests([own.differences for own in found if own])
        corrected = iter(correct_for_many([test and test.p for test in tests]))
        return [own and replace(own, p=next(corrected)) for own in found]

    def _compare_with_random(self, own: Contender) -> AgainstRandom | None:
        random = self.random_of(own)
        if random is None or random is own:
            return None
        for multiple in reversed(MULTIPLES):
            ours, theirs = own.at(multiple * self.multiple), random.at(multiple * self.multiple)
            if ours and theirs and (shared := sorted(ours.vals.keys() & theirs.vals.keys())):
                split, a, b = ("test", ours.tests, theirs.tests)
                if not a or not b:  # never the test score of one with the validation score of the other
                    split, a, b = ("validation", ours.vals, theirs.vals)
                return AgainstRandom(multiple, split, [a[seed] - b[seed] for seed in shared])
        return None

    def closed_form(self, amount: float) -> tuple[float, float | None] | None:
        """Returns the expected validation and test score of random order on the grid, see `grid_rows`.

        None where its models share no seed, are too many, or a cost is missing.
        """
        points = self._recorded
        if points is None or self.before is None:
            return None
        vals, tests = points
        return (
            expected_best(vals, amount, self.before),
            expected_best(tests, amount, self.before) if tests else None,
        )

    @cached_property
    def _recorded(self) -> tuple[dict[int, list[Tried]], dict[int, list[Tried]]] | None:
        """The costs and scores of the grid by seed, on validation and on test data; None where one is not known."""
        rows = grid_rows(self.table, self.chosen)
        by_row = [
            {r.seed: r for r in row.results if r.seconds and score_of(r) is not None and not r.replicate.folds}
            for row in rows
        ]
        seeds = set.intersection(*map(set, by_row)) if by_row else set()
        if any(row.cost.is_partial for row in rows):
            return None  # they were not charged for all of their training
        if not seeds or len(by_row) > MOST_POINTS:
            return None
        vals: dict[int, list[Tried]] = {}
        tests: dict[int, list[Tried]] = {}
        for seed in sorted(seeds):
            for own in by_row:
                result, score, cost = own[seed], score_of(own[seed]), self._cost(own[seed])
                if cost is None:
                    return None
                assert score is not None and result.val is not None
                val = result.val.of(self.score)
                vals.setdefault(seed, []).append(Tried(cost, score, val if val is not None else score))
                if result.test and (test := result.test.of(self.score)) is not None:
                    tests.setdefault(seed, []).append(Tried(cost, score, test))
        has_tests = tests.keys() == vals.keys() and all(len(tests[seed]) == len(vals[seed]) for seed in vals)
        return vals, tests if has_tests else {}


def compare_searches(
    table: Table, curves: Sequence[Curve], skipped: Sequence[str] = (), others: Sequence[Curve] = ()
) -> EqualCost | None:
    """Groups the studies of an experiment by strategy.

    Args:
        table: The ranked table of the experiment.
        curves: Its studies.
        skipped: Studies that could not be read.
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
    chosen = runs_by_results([*same, *on_rows_of(table, others)])
    contenders = group_curves(same, table.score, before)
    return EqualCost(table, contenders, skipped, chosen, before, len(curves) - len(same))


def on_rows_of(table: Table, curves: Sequence[Curve]) -> list[Curve]:
    """Returns the studies to which a function of the user's has returned the rows of a table."""
    return [curve for curve in curves if is_same_data(curve.fingerprint, table.fingerprint)]


def runs_by_results(curves: Sequence[Curve]) -> frozenset[str]:
    """Returns the names of the folders of the runs that searches chose by what they had found."""
    return frozenset[str]().union(*(curve.runs for curve in curves if curve.follows_results))


def _scores_of(row: Row, split: str) -> list[float]:
    found = (metrics.of(row.result.score) for r in row.results if (metrics := getattr(r, split)))
    return [value for value in found if value is not None]
