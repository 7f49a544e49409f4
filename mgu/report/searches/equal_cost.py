"""Compares strategies at multiples of the unit's cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import chance_accuracy
from mgu.report.searches.closed_form import Tried, expected_best
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.ttest import t_tests
from mgu.search.curve import Curve
from mgu.search.outcome import cost_of, score_of
from mgu.tasks.score import Score

MULTIPLES = (1, 2, 4, 10)
BAND = (0.1, 0.9)  # between which four of five studies lie
RANDOM = "random"
LEAST_STUDIES = 5  # of a strategy, below which a sentence says that they are few
MOST_POINTS = 200  # for the closed form, whose time grows with the square of their number


@dataclass(frozen=True)
class Unit:
    """Holds what the searches are compared with.

    Attributes:
        name: Name of the best unit.
        seconds: Seconds of training all units once, the mean over seeds.
        val: Validation score of the best unit, the mean over seeds.
        test: Its test score; None where there is none.
        params: Its trainable parameters.
    """

    name: str
    seconds: float
    val: float
    test: float | None
    params: int | None


@dataclass(frozen=True)
class AtBudget:
    """Holds what the studies of one strategy had found after some seconds.

    Attributes:
        val: Mean validation score of the incumbents.
        low: Its 10 % quantile over studies.
        high: Its 90 % quantile.
        test: Mean test score; None where one of them is not known.
        params: Median of the trainable parameters.
        by_seed: The reported score by the study's seed.
    """

    val: float
    low: float
    high: float
    test: float | None
    params: float | None
    by_seed: Mapping[int, float]


@dataclass(frozen=True)
class Contender:
    """Holds the studies of one strategy on one space.

    Attributes:
        curves: The studies.
        score: The metric.
        before: Score while no trial has ended; None: such a study has none.
    """

    curves: Sequence[Curve]
    score: Score
    before: float | None

    @property
    def strategy(self) -> str:
        return self.curves[0].strategy

    @property
    def space(self) -> str:
        return self.curves[0].space

    @property
    def origin(self) -> str:
        return self.curves[0].origin

    @property
    def name(self) -> str:
        """What the report calls it."""
        return f"{self.strategy} on {self.space}" + ", replayed" * (self.origin == "replayed")

    def at(self, seconds: float) -> AtBudget | None:
        """Returns what was found after some seconds; None where a study ended before with something left to try."""
        if any(curve.seconds < seconds * 0.98 and not curve.complete for curve in self.curves):
            # the last trial within a budget ends a little before it
            last = [curve for curve in self.curves if not curve.complete]
            if any(curve.seconds + _longest(curve) < seconds for curve in last):
                return None
        found = [(curve.seed, curve.at(seconds)) for curve in self.curves]
        vals = [self.before if step is None else step.val for _, step in found]
        if any(val is None for val in vals):
            return None
        known = [val for val in vals if val is not None]
        tests = [self.before if step is None else step.test for _, step in found]
        has_test = all(test is not None for test in tests)
        shown = tests if has_test else vals
        params = [step.params for _, step in found if step and step.params is not None]
        return AtBudget(
            val=fmean(known),
            low=quantile(known, BAND[0]),
            high=quantile(known, BAND[1]),
            test=fmean(test for test in tests if test is not None) if has_test else None,
            params=median(params) if params else None,
            by_seed={seed: value for (seed, _), value in zip(found, shown, strict=True) if value is not None},
        )

    def expected_s(self, target: float) -> float | None:
        """Returns the expected seconds to a validation score, larger is better: all that was spent by successes.

        Hansen et al., COCO (https://arxiv.org/abs/1605.03560): what all studies spent until they had it, or in vain,
        divided by the number of those that had it; None where none had.
        """
        reached = [curve.reaches(target) for curve in self.curves]
        hits = sum(own is not None for own in reached)
        spent = (curve.seconds if own is None else own for curve, own in zip(self.curves, reached, strict=True))
        return sum(spent) / hits if hits else None

    def hits(self, target: float) -> int:
        """Returns the number of studies that reached a score."""
        return sum(curve.reaches(target) is not None for curve in self.curves)

    @property
    def trials(self) -> float:
        return fmean(curve.trials for curve in self.curves)

    @property
    def reused(self) -> float:
        return fmean(curve.reused for curve in self.curves)

    @property
    def overhead(self) -> float:
        """Share of the strategy's own seconds in all that was spent."""
        total = sum(curve.seconds for curve in self.curves)
        return sum(curve.strategy_s for curve in self.curves) / total if total else 0.0

    @property
    def optimism(self) -> float | None:
        """Selection bias: what the winner loses from validation to test beyond the mean loss of all trials."""
        last = [(curve.steps[-1], curve.gap) for curve in self.curves if curve.steps]
        known = [
            (step.val - step.test - gap) * (1 if self.score.higher_is_better else -1)
            for step, gap in last
            if step.test is not None and gap is not None
        ]
        return fmean(known) if known else None


@dataclass(frozen=True)
class EqualCost:
    """Holds all searches of an experiment beside its unit.

    Attributes:
        table: The ranked table of the experiment.
        contenders: The strategies, by space and then by score.
        skipped: Studies that could not be read.
    """

    table: Table
    contenders: Sequence[Contender]
    skipped: Sequence[str] = ()

    @cached_property
    def unit(self) -> Unit | None:
        """The unit; None where none has both a score and a time."""
        best = self.table.best(self.table.unit_models)
        times = [
            fmean(own)
            for row in self.table.unit_models
            if (own := [cost_of(result).seconds for result in row.results if result.seconds])
        ]
        vals = _scores_of(best, "val") if best else []
        if best is None or not times or not vals:
            return None
        tests = _scores_of(best, "test")
        return Unit(best.name, sum(times), fmean(vals), fmean(tests) if tests else None, best.result.params_trainable)

    @cached_property
    def unit_s(self) -> float:
        """Seconds of one multiple; without a unit those of the longest study by the largest multiple."""
        if self.unit:
            return self.unit.seconds
        return max(curve.seconds for own in self.contenders for curve in own.curves) / MULTIPLES[-1]

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
        """Returns the random search on the same space; None where there is none."""
        same = [c for c in self.contenders if (c.space, c.origin, c.strategy) == (own.space, own.origin, RANDOM)]
        return same[0] if same else None

    @cached_property
    def p_values(self) -> list[tuple[int | None, float | None]]:
        """For each strategy the largest multiple that can be compared with random search, and the p-value there.

        Student's t over the study seeds that both have, two-sided, corrected over all strategies by Holm's method.
        """
        found, samples = list[int | None](), list[list[float]]()
        for own in self.contenders:
            random = self.random_of(own)
            common: int | None = None
            values: list[float] = []
            for multiple in MULTIPLES if random and own.strategy != RANDOM else ():
                ours, theirs = own.at(multiple * self.unit_s), random.at(multiple * self.unit_s) if random else None
                if ours and theirs and (shared := ours.by_seed.keys() & theirs.by_seed.keys()):
                    common = multiple
                    values = [ours.by_seed[seed] - theirs.by_seed[seed] for seed in sorted(shared)]
            found.append(common)
            samples.append(values)
        tests = t_tests(samples)
        tested = [place for place, sample in enumerate(samples) if sample]
        corrected = dict(zip(tested, correct_for_many([(t := tests[k]) and t.p for k in tested]), strict=True))
        return [(multiple, corrected.get(place)) for place, multiple in enumerate(found)]

    def closed_form(self, seconds: float) -> tuple[float, float | None] | None:
        """Returns the expected validation and test score of random order on the baselines of the table.

        None where they share no seed, are too many, or a time is missing.
        """
        points = self._recorded
        if points is None or self._before is None:
            return None
        vals, tests = points
        return (
            expected_best(vals, seconds, self._before),
            expected_best(tests, seconds, self._before) if tests else None,
        )

    @property
    def _before(self) -> float | None:
        row = next(iter(self.table.rows), None)
        is_accuracy = self.score.metric == "accuracy"
        return chance_accuracy(row.result) if row and is_accuracy and row.result.num_classes else None

    @cached_property
    def _recorded(self) -> tuple[dict[int, list[Tried]], dict[int, list[Tried]]] | None:
        rows = self.table.baselines
        by_row = [
            {r.seed: r for r in row.results if r.seconds and score_of(r) is not None and not r.replicate.folds}
            for row in rows
        ]
        seeds = set.intersection(*map(set, by_row)) if by_row else set()
        if not seeds or len(rows) > MOST_POINTS:
            return None
        vals: dict[int, list[Tried]] = {}
        tests: dict[int, list[Tried]] = {}
        for seed in sorted(seeds):
            for own in by_row:
                result, score = own[seed], score_of(own[seed])
                assert score is not None and result.val is not None
                seconds, val = cost_of(result).seconds, result.val.of(self.score)
                vals.setdefault(seed, []).append(Tried(seconds, score, val if val is not None else score))
                if result.test and (test := result.test.of(self.score)) is not None:
                    tests.setdefault(seed, []).append(Tried(seconds, score, test))
        has_tests = tests.keys() == vals.keys() and all(len(tests[seed]) == len(vals[seed]) for seed in vals)
        return vals, tests if has_tests else {}


def compare_searches(table: Table, curves: Sequence[Curve], skipped: Sequence[str] = ()) -> EqualCost | None:
    """Groups the studies of an experiment by strategy.

    Args:
        table: The ranked table of the experiment.
        curves: Its studies.
        skipped: Studies that could not be read.

    Returns:
        The comparison; None where there is no study.
    """
    groups: dict[tuple[str, str, str], list[Curve]] = {}
    for curve in curves:
        groups.setdefault((curve.space, curve.origin, curve.strategy), []).append(curve)
    if not groups:
        return None
    row = next(iter(table.rows), None)
    is_accuracy = table.score.metric == "accuracy"
    before = chance_accuracy(row.result) if row and is_accuracy and row.result.num_classes else None
    contenders = [Contender(own, table.score, before) for _, own in sorted(groups.items())]
    return EqualCost(table, contenders, skipped)


def quantile(values: Sequence[float], share: float) -> float:
    """Returns a quantile by linear interpolation between order statistics."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _longest(curve: Curve) -> float:
    """Returns the mean seconds of a trial: as much may be missing at the end of a budget."""
    return 2 * curve.seconds / max(curve.trials, 1)


def _scores_of(row: Row, split: str) -> list[float]:
    found = (metrics.of(row.result.score) for r in row.results if (metrics := getattr(r, split)))
    return [value for value in found if value is not None]
