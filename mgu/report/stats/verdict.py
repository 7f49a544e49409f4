"""The verdict on the paper's claim, by kind of unit: is one unit as good as the best model of the grid search?

Every kind of unit (ranking/kinds.py) is an alternative of its own, with a verdict of its own, against three rivals: the
best of the grid, the default network (ranking/default.py), and a search of the grid in random order at its cost.
P-values against one rival are corrected for the number of kinds (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgu.report.ranking.default import default_rows
from mgu.report.ranking.kinds import UnitKind, unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.stats.best_so_far import BestSoFar
from mgu.report.stats.compare import Comparison, compare, p_of_margin, variance_between
from mgu.report.stats.correct import Correct
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA, Variance
from mgu.report.stats.sample import Sample, sample_of

MARGIN = 0.005  # accuracy that a unit may lose and still be "as good": half a point, see --margin

VerdictOutcome = Literal["better", "worse", "as good", "not decided"]


@dataclass(frozen=True)
class Verdict:
    """Compares the best model of one kind of unit with every baseline and with its rivals.

    Attributes:
        table: The ranking; `table.tested` is the split that is compared.
        kind: The kind of unit.
        unit: Its best model by validation accuracy.
        margin: Accuracy in 0..1 that the unit may lose and still be as good.
        comparisons: The comparison with every baseline, best first, corrected for all of all kinds.
        best: The comparison with the best baseline, corrected for the number of kinds.
        defaults: Likewise with the default networks.
        search: Likewise with a search of the grid in random order at the cost of this kind; None where that is not
            known.
        same_layout: The comparison with the best baseline of the unit's own layout, if there is one.
        median: The comparison with the median baseline of the ranking; of two, with the better one.
        num_kinds: Number of kinds.
        variance: Variance between the unit and the best baseline; None for fewer than two shared seeds, and for folds.
    """

    table: Table
    kind: UnitKind
    unit: Row
    margin: float
    comparisons: tuple[Comparison, ...]
    best: Comparison
    defaults: tuple[Comparison, ...]
    search: Comparison | None
    same_layout: Comparison | None
    median: Comparison
    num_kinds: int
    variance: Variance | None

    @property
    def outcome(self) -> VerdictOutcome:
        """What the numbers support against the best baseline."""
        return outcome_of(self.best)


def outcome_of(comparison: Comparison) -> VerdictOutcome:
    """Returns what the numbers of a comparison support."""
    return decide(comparison.difference.mean, comparison.p_corrected, comparison.p_margin)


def decide(difference: float, p_corrected: float | None, p_margin: float | None) -> VerdictOutcome:
    """Returns better or worse by the corrected p-value, else as good by the margin, else not decided."""
    if p_corrected is not None and p_corrected < ALPHA:
        return "better" if difference > 0 else "worse"
    return "as good" if p_margin is not None and p_margin < ALPHA else "not decided"


def judge(
    table: Table,
    correct: Sequence[Correct],
    margin: float = MARGIN,
    chosen: Sequence[str] = (),
    curve: BestSoFar | None = None,
    searched: Collection[str] = frozenset(),
) -> list[Verdict]:
    """Compares every kind of unit with the baselines of a table.

    Args:
        table: A ranked table.
        correct: For each row of the table the right answers by seed and fold.
        margin: Accuracy in 0..1 that a unit may lose and still be as good.
        chosen: Names of the default networks; those of `default_rows` if empty.
        curve: Expected best-so-far of the grid search.
        searched: Names of the folders of the runs that a search trained.

    Returns:
        The verdicts, best kind first; none where no unit or no baseline ended an epoch.
    """
    if table.score.metric != "accuracy":
        return []
    samples = {id(row): sample_of(row, images, table.tested) for row, images in zip(table.rows, correct, strict=True)}
    baselines = [samples[id(row)] for row in table.baselines]
    kinds = [kind for kind in unit_kinds(table) if kind.best and samples[id(kind.best)].scores]
    if not kinds or not any(baseline.scores for baseline in baselines):
        return []
    units = [samples[id(kind.best)] for kind in kinds]
    with_all = _corrected_together([compare(unit, baselines) for unit in units])
    best_baseline = with_all[0][0].second
    with_best = _against(units, [best_baseline] * len(units), margin)
    default_rows_of = [default_rows(table, unit.row, chosen, searched) for unit in units]
    names = dict.fromkeys(name for rows in default_rows_of for name in rows)
    with_defaults = [
        _against(units, [_known(samples, rows.get(name)) for rows in default_rows_of], margin) for name in names
    ]
    with_search = _against(units, [_search(curve, kind) for kind in kinds], margin)
    return [
        _verdict(
            table,
            kind,
            margin,
            comparisons=with_all[k],
            best=with_best[k],
            defaults=[comparisons[k] for comparisons in with_defaults],
            search=with_search[k],
            num_kinds=len(kinds),
        )
        for k, kind in enumerate(kinds)
    ]


def _verdict(
    table: Table,
    kind: UnitKind,
    margin: float,
    *,
    comparisons: Sequence[Comparison],
    best: Comparison | None,
    defaults: Sequence[Comparison | None],
    search: Comparison | None,
    num_kinds: int,
) -> Verdict:
    """Returns the verdict of one kind from its comparisons."""
    assert best and kind.best
    layout = kind.best.result.layout
    ranked = (best, *comparisons[1:])
    same_layout = (comparison for comparison in ranked if comparison.baseline.result.layout == layout)
    return Verdict(
        table=table,
        kind=kind,
        unit=kind.best,
        margin=margin,
        comparisons=tuple(comparisons),
        best=best,
        defaults=tuple(comparison for comparison in defaults if comparison),
        search=search,
        same_layout=next(same_layout, None),
        median=ranked[(len(ranked) - 1) // 2],
        num_kinds=num_kinds,
        variance=variance_between(best) if len(best.shared) > 1 and not best.has_folds else None,
    )


def _corrected_together(of_units: Sequence[Sequence[Comparison]]) -> list[list[Comparison]]:
    """Corrects the comparisons of all units with all baselines for their number."""
    corrected = iter(correct_for_many([comparison.p for comparisons in of_units for comparison in comparisons]))
    return [
        [replace(comparison, p_corrected=next(corrected)) for comparison in comparisons] for comparisons in of_units
    ]


def _against(units: Sequence[Sample], rivals: Sequence[Sample | None], margin: float) -> list[Comparison | None]:
    """Compares each unit with its rival, corrected for the number of units; None for those without one."""
    comparisons = [compare(unit, [rival])[0] if rival else None for unit, rival in zip(units, rivals, strict=True)]
    # A kind without a rival counts, as reports say.
    corrected = correct_for_many([comparison.p if comparison else None for comparison in comparisons])
    return [
        comparison and replace(comparison, p_corrected=p, p_margin=p_of_margin(comparison, margin))
        for comparison, p in zip(comparisons, corrected, strict=True)
    ]


def _known(samples: Mapping[int, Sample], row: Row | None) -> Sample | None:
    """Returns the sample of a row if it has scores."""
    return sample if row and (sample := samples[id(row)]).scores else None


def _search(curve: BestSoFar | None, kind: UnitKind) -> Sample | None:
    """Returns what a search in random order finds at the cost of a kind."""
    cost_s = curve.cost_of(kind.rows) if curve else None
    return curve.sample_at(cost_s) if curve and cost_s is not None else None
