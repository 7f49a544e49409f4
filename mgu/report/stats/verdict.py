"""The verdict on the paper's claim: is one unit as good as the best model of the grid search?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.stats.compare import Comparison, compare, p_of_margin, variance_between
from mgu.report.stats.correct import Correct
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA, Variance
from mgu.report.stats.sample import sample_of

MARGIN = 0.005  # accuracy that a unit may lose and still be "as good": half a point, see --margin

VerdictOutcome = Literal["better", "worse", "as good", "not decided"]


@dataclass(frozen=True)
class Verdict:
    """Compares the best unit with every baseline.

    Attributes:
        table: The ranking; `table.tested` is the split that is compared.
        unit: The best unit by validation accuracy.
        margin: Accuracy in 0..1 that the unit may lose and still be as good.
        comparisons: The comparison with every baseline, best first.
        same_layout: The comparison with the best baseline of the unit's own layout, if there is one.
        median: The comparison with the median baseline of the ranking; of two, with the better one.
        num_tests: Number of comparisons of all units with all baselines, for which p-values are corrected.
        variance: Variance between the unit and the best baseline; None for fewer than two shared seeds, and for folds.
    """

    table: Table
    unit: Row
    margin: float
    comparisons: tuple[Comparison, ...]
    same_layout: Comparison | None
    median: Comparison
    num_tests: int
    variance: Variance | None

    @property
    def best(self) -> Comparison:
        """The comparison with the best baseline."""
        return self.comparisons[0]

    @property
    def outcome(self) -> VerdictOutcome:
        """Better or worse by the corrected p-value, else as good by the margin, else not decided."""
        corrected, loss = self.best.p_corrected, self.best.p_margin
        if corrected is not None and corrected < ALPHA:
            return "better" if self.best.difference.mean > 0 else "worse"
        return "as good" if loss is not None and loss < ALPHA else "not decided"


def judge(table: Table, correct: Sequence[Correct], margin: float = MARGIN) -> Verdict | None:
    """Compares the best unit of a table with its baselines, corrected for all comparisons of all units.

    Args:
        table: A ranked table.
        correct: For each row of the table the right answers by seed and fold.
        margin: Accuracy in 0..1 that the unit may lose and still be as good.

    Returns:
        The verdict; None where no unit or no baseline ended an epoch.
    """
    unit = table.best(table.unit_models)
    is_of_accuracy = table.score.metric == "accuracy"
    samples = [sample_of(row, own, table.tested) for row, own in zip(table.rows, correct, strict=True)]
    baselines = [own for own in samples if own.row.is_baseline]
    units = [own for own in samples if own.row.is_unit and own.scores]
    of_units = [compare(own, baselines) for own in units] if is_of_accuracy else []
    if unit is None or not any(of_units):
        return None
    every = [comparison for own in of_units for comparison in own]
    corrected = iter(correct_for_many([comparison.p for comparison in every]))
    of_units = [[replace(comparison, p_corrected=next(corrected)) for comparison in own] for own in of_units]
    comparisons = next(found for own, found in zip(units, of_units, strict=True) if own.row is unit)
    best = comparisons[0]
    best = replace(best, p_margin=p_of_margin(best, margin))
    variance = variance_between(best) if len(best.shared) > 1 and not best.has_folds else None
    ranked = (best, *comparisons[1:])
    same_layout = (own for own in ranked if own.baseline.result.layout == unit.result.layout)
    median = ranked[(len(ranked) - 1) // 2]
    return Verdict(table, unit, margin, ranked, next(same_layout, None), median, len(every), variance)
