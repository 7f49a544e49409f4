"""The claim settled: is one unit as good as the best of the grid? What the numbers support, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgu.report.compare import (
    ALPHA,
    MOST_SEEDS,
    POWER,
    Comparison,
    compare,
    correct_for_many,
    p_of_margin,
    seeds_needed,
)
from mgu.report.images import Correct
from mgu.report.rank import Row, Table
from mgu.report.seeds import Spread

MARGIN = 0.005  # half a point: what "as good as" may lose, see --margin

Outcome = Literal["better", "worse", "as good", "not decided"]


@dataclass(frozen=True)
class Verdict:
    """The unit against three of the baselines: the best, the best of its own layout, and the one in the middle of the
    ranking, of two the better. `table.tested` says on which images; `margin` is a fraction."""

    table: Table
    unit: Row
    margin: float
    comparisons: tuple[Comparison, ...]  # with every baseline, best first
    own_layout: Comparison | None
    median: Comparison

    @property
    def best(self) -> Comparison:
        return self.comparisons[0]

    @property
    def outcome(self) -> Outcome:
        """Better and worse by the corrected p-value, as good by the margin; else the runs do not decide."""
        corrected, loss = self.best.p_corrected, self.best.p_margin
        if corrected is not None and corrected < ALPHA:
            return "better" if self.best.difference.mean > 0 else "worse"
        return "as good" if loss is not None and loss < ALPHA else "not decided"

    @property
    def sentence(self) -> str:
        """In plain words, what the numbers of `lines` support."""
        points = 100 * self.best.difference.mean
        size, where = f"{abs(points):.2f} points", "above" if points > 0 else "below"
        words = {
            "better": f"Better: the unit {self.unit.name} is {size} above {self._opponent}",
            "worse": f"Worse: the unit {self.unit.name} is {size} below {self._opponent}",
            "as good": f"As good: the unit {self.unit.name} is {size} {where} {self._opponent}",
            "not decided": f"Not decided: the unit {self.unit.name} is {size} {where} {self._opponent}",
        }[self.outcome]
        return f"{words}{self._addition}{self._diverged}."

    @property
    def lines(self) -> list[str]:
        """The sentence, the three comparisons with their figures, and what is missing."""
        names = {"best": self.best, "best of its layout": self.own_layout, "median": self.median}
        others = {name: own for name, own in names.items() if own and (name == "best" or own is not self.best)}
        examples = self.unit.examples
        picked = f"validation {examples}" if self.table.tested == "test" else f"the {examples} that score it"
        lines = [f"Against the {name}, {own.baseline.name}: {describe(own)}." for name, own in others.items()]
        lines[0] = lines[0].replace("Against the best,", f"Against the best (picked on {picked}),")
        return [self.sentence, *lines, *self._missing]

    @property
    def _opponent(self) -> str:
        return f"the best of {len(self.comparisons)} baselines, {self.best.baseline.name}"

    @property
    def _addition(self) -> str:
        best, margin = self.best, f"{100 * self.margin:g} points"
        is_within = best.p_margin is not None and best.p_margin < ALPHA
        if self.outcome == "as good":
            return f", and by its {best.difference.n} seeds loses less than {margin}"
        if self.outcome != "not decided":
            return f", which is within the margin of {margin}" if self.outcome == "worse" and is_within else ""
        if len(best.seeds) < 2:
            return ": seeds alone may move this; train at least 5 of each (seed=0,1,2,3,4)"
        if best.p is None:
            return ": the seeds differ by exactly the same, which leaves no deviation to judge by; train more"
        if best.p_images is not None and best.p_images > (best.p_seeds or 0.0):
            return f": what seeds show, {best.num_images:,} test {self.unit.examples} are too few to confirm"
        needed = seeds_needed(best.effect, len(self.comparisons))
        count = f"more than {MOST_SEEDS:,}" if needed is None else f"about {needed:,}"
        alone = f"taken alone it would count, picked among {len(self.comparisons)} it does not; " * (best.p < ALPHA)
        return f": {alone}{count} seeds would be needed to show a difference of this size (power {POWER:.0%})"

    @property
    def _diverged(self) -> str:
        count = sum(result.status == "diverged" for result in self.unit.results)
        return f"; {count} of the unit's {len(self.unit.runs)} runs diverged" if count else ""

    @property
    def _missing(self) -> list[str]:
        lacking = sum(not comparison.image_seeds for comparison in self.comparisons)
        if not lacking:
            return []
        return [
            f"Against {lacking} of {len(self.comparisons)} baselines there is no test over {self.unit.examples}: their "
            "runs, or the unit's, have no correct.bits, as runs of earlier versions; force=true trains them again."
        ]


def describe(comparison: Comparison) -> str:
    """Difference, interval, effect size and p-values."""
    parts = [f"{100 * comparison.difference.mean:+.2f} points", *_over_seeds(comparison.difference)]
    if comparison.effect is not None:
        parts.append(f"d = {comparison.effect:.2f}")
    if comparison.p_seeds is not None:
        parts.append(f"p {_p(comparison.p_seeds)} over seeds")
    if comparison.p_images is not None:
        parts.append(f"p {_p(comparison.p_images)} over {comparison.num_images:,} {comparison.baseline.examples}")
    if comparison.p_corrected is not None:
        parts.append(f"corrected for all baselines p {_p(comparison.p_corrected)}")
    return ", ".join(parts)


def judge(table: Table, correct: Sequence[Correct], margin: float = MARGIN) -> Verdict | None:
    """`correct`: of each row of the table. None where there is no baseline or no unit to compare, or no common seed."""
    unit = table.best(table.units)
    if unit is None:
        return None
    paired = list(zip(table.rows, correct, strict=True))
    of_unit = next(own for row, own in paired if row is unit)
    comparisons = compare(unit, of_unit, [pair for pair in paired if not pair[0].is_unit], table.tested)
    if not comparisons:
        return None
    corrected = correct_for_many([comparison.p for comparison in comparisons])
    every = [replace(own, p_corrected=p) for own, p in zip(comparisons, corrected, strict=True)]
    of_best = next(own for row, own in paired if row is every[0].baseline)
    every[0] = replace(every[0], p_margin=p_of_margin(unit, of_unit, every[0], of_best, table.tested, margin))
    kin = (own for own in every if own.baseline.result.layout == unit.result.layout)
    return Verdict(table, unit, margin, tuple(every), next(kin, None), every[(len(every) - 1) // 2])


def _over_seeds(difference: Spread) -> list[str]:
    if difference.low is None or difference.high is None:
        return [f"{difference.n} seed"]
    return [f"95 % interval {100 * difference.low:+.2f} to {100 * difference.high:+.2f}, {difference.n} seeds"]


def p_text(value: float | None) -> str:
    """Two digits, or that it is below a thousandth."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def _p(value: float) -> str:
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"
