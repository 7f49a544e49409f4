"""The rivals of a unit with what they cost: the best of the grid, the default networks, a search at the unit's cost."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.cost_kinds import CostKind
from mgu.report.costs import Ratio, cost_ratios
from mgu.report.stats.compare import Comparison
from mgu.report.stats.verdict import Verdict, VerdictOutcome, outcome_of

RivalRole = Literal["best of the grid", "default network", "random search"]


class Rival(NamedTuple):
    """Holds what a unit is compared with.

    Attributes:
        role: What it stands for.
        name: What reports call it.
        comparison: The unit minus the rival.
        ratios: The cost of the rival relative to the unit; of the best of the grid, that of the whole grid.
    """

    role: RivalRole
    name: str
    comparison: Comparison
    ratios: tuple[Ratio, ...]

    @property
    def outcome(self) -> VerdictOutcome:
        """What the numbers support."""
        return outcome_of(self.comparison)

    def cost(self, kind: CostKind) -> float | None:
        """Returns the cost relative to the unit; None where it cannot be compared."""
        ratio = self.ratio(kind)
        return ratio.value if ratio else None

    def ratio(self, kind: CostKind) -> Ratio | None:
        """Returns the cost relative to the unit with its note; None where neither has it."""
        return next((ratio for ratio in self.ratios if ratio.kind == kind), None)

    @property
    def cost_notes(self) -> dict[str, str]:
        """By kind of cost how it was determined, or why it cannot be compared."""
        return {ratio.kind: ratio.note for ratio in self.ratios if ratio.note}


def rivals(analysis: Analysis, verdict: Verdict) -> list[Rival]:
    """Lists the rivals of the best unit of a kind.

    Args:
        analysis: The experiment.
        verdict: The verdict of the kind.

    Returns:
        The best of the grid, the default networks, and the search if its expected result is known.
    """
    best = verdict.best
    grid = next((charge.ratios for charge in analysis.charges if charge.name == verdict.kind.name), ())
    count = len(verdict.comparisons)
    rivals = [Rival("best of the grid", f"best of {count}: {best.baseline.name}", best, grid)]
    for default in verdict.defaults:
        ratios = cost_ratios([default.baseline], verdict.kind.rows)
        rivals.append(Rival("default network", f"default: {default.baseline.name}", default, ratios))
    if verdict.search and (curve := analysis.best_so_far):
        same = Ratio("time", 1.0)
        if utilisation := curve.utilisation(verdict.kind.rows):
            same = Ratio("processor", 1.0, utilisation.text, not utilisation.are_equal)
        rivals.append(Rival("random search", "random search at its cost", verdict.search, (same,)))
    return rivals
