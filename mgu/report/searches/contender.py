"""The studies of one strategy, and what they had found once so much was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from mgu.search.clock import PROCESSOR, WALL, Clock
from mgu.search.curve import Curve
from mgu.tasks.score import Score

BAND = (0.1, 0.9)  # between which four of five studies lie
RANDOM = "random"
ROUNDING = 0.02  # of a budget: the unit's cost changes a little with each of its seeds that is trained later


@dataclass(frozen=True)
class AtBudget:
    """Holds what the studies of one strategy had found once so much was spent.

    Attributes:
        val: Mean validation score of the incumbents.
        low: Its 10 % quantile over studies.
        high: Its 90 % quantile.
        test: Mean test score; None where one of them is not known.
        params: Median of the trainable parameters.
        vals: Validation scores by the study's seed.
        tests: Test scores by the study's seed; empty where one of them is not known.
    """

    val: float
    low: float
    high: float
    test: float | None
    params: float | None
    vals: Mapping[int, float]
    tests: Mapping[int, float]


@dataclass(frozen=True)
class Contender:
    """Holds the studies of one strategy on one space, which differ in their seed only.

    Attributes:
        curves: The studies.
        score: The metric.
        before: Score while no trial has ended; None: such a study has none.
        problem: What tells its space and training from those of others by that name; empty where all are the same.
        variant: What tells it from others of the same strategy, space and training; empty where there are none.
        clock: By which what they spent is counted.
    """

    curves: Sequence[Curve]
    score: Score
    before: float | None
    problem: str = ""
    variant: str = ""
    clock: Clock = WALL

    @property
    def strategy(self) -> str:
        return self.curves[0].strategy

    @property
    def is_random(self) -> bool:
        """Whether it learns from no result, and was told of none, so that others are compared with it."""
        return self.strategy == RANDOM and not self.curves[0].settings.get("per_cost") and not self.was_told

    @property
    def was_told(self) -> bool:
        """Whether a warm start told it of finished runs before its first trial."""
        return (self.curves[0].settings.get("warm_start") or {}).get("folder") is not None

    @property
    def space(self) -> str:
        return self.curves[0].space

    @property
    def origin(self) -> str:
        return self.curves[0].origin

    @property
    def name(self) -> str:
        """What the report calls it."""
        parts = [f"{self.strategy} on {self.space}"]
        if told := " ".join(filter(None, (self.problem, self.variant))):
            parts.append(told)
        if self.origin == "replayed":
            parts.append("replayed")
        return ", ".join(parts)

    def spent(self, curve: Curve) -> float:
        """Returns what one of the studies spent in all."""
        return curve.spent(self.clock) or 0.0

    def at(self, amount: float) -> AtBudget | None:
        """Returns what was found for so much; None where a study spent less with something left to try."""
        if any(self.spent(curve) < amount * (1 - ROUNDING) and not curve.complete for curve in self.curves):
            return None
        incumbents = [(curve.seed, curve.at(amount, self.clock)) for curve in self.curves]
        vals = [self.before if step is None else step.val for _, step in incumbents]
        known = [val for val in vals if val is not None]
        if len(known) < len(vals):
            return None
        tests = [self.before if step is None else step.test for _, step in incumbents]
        known_tests = [test for test in tests if test is not None]
        has_test = len(known_tests) == len(tests)
        seeds = [seed for seed, _ in incumbents]
        params = [step.params for _, step in incumbents if step and step.params is not None]
        return AtBudget(
            val=fmean(known),
            low=quantile(known, BAND[0]),
            high=quantile(known, BAND[1]),
            test=fmean(known_tests) if has_test else None,
            params=median(params) if params else None,
            vals=dict(zip(seeds, known, strict=True)),
            tests=dict(zip(seeds, known_tests, strict=True)) if has_test else {},
        )

    def expected(self, target: float) -> float | None:
        """Returns the expected cost of reaching a validation score, larger is better: all that was spent by successes.

        Hansen et al., COCO (https://arxiv.org/abs/1605.03560): what all studies spent until they had it, or in vain,
        divided by the number of those that had it; None where none had, or where it is not known what was spent in
        vain.
        """
        reached = [curve.reaches(target, self.clock) for curve in self.curves]
        missed = [curve for curve, amount in zip(self.curves, reached, strict=True) if amount is None]
        hits = len(self.curves) - len(missed)
        if not hits or any(self.clock.name in curve.least for curve in missed):
            return None
        spent = [
            self.spent(curve) if amount is None else amount for curve, amount in zip(self.curves, reached, strict=True)
        ]
        return sum(spent) / hits

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
    def overhead(self) -> float | None:
        """Share of the strategy's own seconds in all that was spent; None of energy, for nobody measures its own."""
        if self.clock not in (WALL, PROCESSOR):
            return None
        total = sum(curve.seconds if self.clock == WALL else self.spent(curve) for curve in self.curves)
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


def quantile(values: Sequence[float], share: float) -> float:
    """Returns a quantile by linear interpolation between order statistics."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])
