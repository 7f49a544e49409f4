"""The claim settled: is one unit as good as the best of the grid? What the numbers support, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgu.report.ranking.rank import Row, Table
from mgu.report.ranking.seeds import TINY, Spread
from mgu.report.stats.compare import Comparison, compare, correct_for_many, p_of_margin, variance_between
from mgu.report.stats.correct import Correct
from mgu.report.stats.power import ALPHA, MOST_SEEDS, POWER, Variance, images_suffice, seeds_needed

MARGIN = 0.005  # half a point: what "as good as" may lose, see --margin

Outcome = Literal["better", "worse", "as good", "not decided"]


@dataclass(frozen=True)
class Verdict:
    """The best unit against three of the baselines: the best, the best of its own layout, and the one in the middle of
    the ranking, of two the better. `table.tested` says on which images; `margin` is a fraction.

    num_tests: comparisons of all units with all baselines, for which p-values are corrected; variance: between the
    unit and the best, None of fewer than two seeds.
    """

    table: Table
    unit: Row
    margin: float
    comparisons: tuple[Comparison, ...]  # with every baseline, best first
    own_layout: Comparison | None
    median: Comparison
    num_tests: int
    variance: Variance | None

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
        where = f"{abs(points):.2f} points {'above' if points > 0 else 'below'}"
        if round(abs(points), 2) == 0:
            where = "as accurate as"
        outcome = f"{self.outcome[0].upper()}{self.outcome[1:]}"
        return f"{outcome}: {self._unit} is {where} {self._opponent}{self._addition}{self._diverged}."

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
    def _unit(self) -> str:
        count = len(self.table.units)
        return f"the best of {count} units, {self.unit.name}," if count > 1 else f"the unit {self.unit.name}"

    @property
    def _opponent(self) -> str:
        count = len(self.comparisons)
        return f"the best of {count} baselines, {self.best.baseline.name}" if count > 1 else self.best.baseline.name

    @property
    def _addition(self) -> str:
        best, margin = self.best, f"{100 * self.margin:g} points"
        is_within = best.p_margin is not None and best.p_margin < ALPHA
        if self.outcome == "as good":
            return f", and by its {best.difference.n} seeds loses less than {margin}"
        if self.outcome != "not decided":
            return f", which is within the margin of {margin}" if self.outcome == "worse" and is_within else ""
        if not best.seeds:
            seeds = ",".join(map(str, best.baseline.accuracies(self.table.tested)))
            return f": they have no seed in common, and only pairs are compared; train the unit with seed={seeds}"
        if len(best.seeds) < 2:
            return ": seeds alone may move this; train at least 5 of each (seed=0,1,2,3,4)"
        if best.p is None:
            return ": the seeds differ by exactly the same, which leaves no deviation to judge by; train more"
        alone = f": taken alone it would count, among {self.num_tests} comparisons it does not; " * (best.p < ALPHA)
        return f"{alone or ': '}{self._needed}"

    @property
    def _needed(self) -> str:
        """How many seeds would decide, if any number would."""
        assert self.variance
        if abs(self.best.difference.mean) < TINY:
            return "they are equal in the mean, and there is no difference to show"
        size = (self.best.difference.mean, self.variance, self.num_tests)
        shown = f"to show a difference of this size (power {POWER:.0%})"
        if needed := seeds_needed(*size):
            return f"about {needed:,} seeds would be needed {shown}"
        if images_suffice(*size):
            return f"more than {MOST_SEEDS:,} seeds would be needed {shown}"
        return f"no number of seeds is enough on {self.best.num_images:,} test {self.unit.examples} {shown}"

    @property
    def _diverged(self) -> str:
        count = sum(result.status == "diverged" for result in self.unit.results)
        return f"; {count} of the unit's {len(self.unit.runs)} runs diverged" if count else ""

    @property
    def _missing(self) -> list[str]:
        lacking = sum(not own.num_images for own in self.comparisons)
        lines = [] if self.own_layout else ["No baseline has the unit's layout."]
        if not lacking:
            return lines
        return [
            *lines,
            f"Against {lacking} of {len(self.comparisons)} baselines there is no test over {self.unit.examples}: not "
            "every seed that they share with the unit has its correct.bits on both sides, as runs of earlier versions "
            "have not, nor what diverged at once; force=true trains them again.",
        ]


def describe(comparison: Comparison) -> str:
    """Difference, interval, effect size and p-values."""
    parts = [f"{100 * comparison.difference.mean:+.2f} points", *_over_seeds(comparison.difference)]
    if comparison.effect is not None:
        parts.append(f"d = {comparison.effect:.2f}")
    if comparison.p_seeds is not None:
        parts.append(f"p {p_equals(comparison.p_seeds)} over seeds")
    if comparison.p_images is not None:
        parts.append(f"p {p_equals(comparison.p_images)} over {comparison.num_images:,} {comparison.baseline.examples}")
    if comparison.p_corrected is not None and comparison.p is not None:
        both = f"p {p_equals(comparison.p)} over both, " if comparison.num_images else ""
        parts.append(f"{both}corrected for all comparisons p {p_equals(comparison.p_corrected)}")
    return ", ".join(parts)


def judge(table: Table, correct: Sequence[Correct], margin: float = MARGIN) -> Verdict | None:
    """`correct`: of each row of the table. None where no baseline or no unit ended an epoch."""
    unit = table.best(table.units)
    paired = list(zip(table.rows, correct, strict=True))
    baselines = [pair for pair in paired if pair[0].is_baseline]
    units = [(row, own) for row, own in paired if row.is_unit and row.accuracies(table.tested)]
    of_units = [compare(row, own, baselines, table.tested) for row, own in units]
    if unit is None or not any(of_units):
        return None
    every = [comparison for own in of_units for comparison in own]
    corrected = iter(correct_for_many([comparison.p for comparison in every]))
    of_units = [[replace(comparison, p_corrected=next(corrected)) for comparison in own] for own in of_units]
    bits, comparisons = next((own, found) for (row, own), found in zip(units, of_units, strict=True) if row is unit)
    best = comparisons[0]
    of_best = next(own for row, own in baselines if row is best.baseline)
    best = replace(best, p_margin=p_of_margin(unit, bits, best, of_best, table.tested, margin))
    variance = variance_between(bits, best, of_best) if len(best.seeds) > 1 else None
    ranked = (best, *comparisons[1:])
    kin = (own for own in ranked if own.baseline.result.layout == unit.result.layout)
    return Verdict(table, unit, margin, ranked, next(kin, None), ranked[(len(ranked) - 1) // 2], len(every), variance)


def explain_no_verdict(table: Table) -> list[str]:
    """What there is to say of accuracies all the same; nothing where a side is missing."""
    sides = {"unit": table.units, "baseline": table.baselines}
    if table.score.metric != "accuracy" or not all(sides.values()):
        return []
    lost = {name: rows for name, rows in sides.items() if not any(row.accuracies(table.tested) for row in rows)}
    return [
        f"{'Worse' if name == 'unit' else 'Not decided'}: no {name} has an accuracy, for "
        f"{', '.join(f'{row.name} is {row.status}' for row in rows)}."
        for name, rows in lost.items()
    ][:1]


def _over_seeds(difference: Spread) -> list[str]:
    if difference.low is None or difference.high is None:
        return [f"{difference.n or 'no'} seed{'s' * (difference.n != 1)}{' in common' * (difference.n == 0)}"]
    return [f"95 % interval {100 * difference.low:+.2f} to {100 * difference.high:+.2f}, {difference.n} seeds"]


def p_text(value: float | None) -> str:
    """Two digits, or that it is below a thousandth."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def p_equals(value: float | None) -> str:
    """After a p."""
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"
