"""Answers a question with comparisons of samples, corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mgu.report.contrasts.keys import Key, value_order
from mgu.report.contrasts.question import Question
from mgu.report.contrasts.resolve import find_row
from mgu.report.costs import Ratio, cost_ratios
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.stats.compare import Comparison, compare, p_of_likeness
from mgu.report.stats.correct import Correct
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.sample import Sample, pool, sample_of
from mgu.report.stats.verdict import MARGIN
from mgu.results.compare.axes import write_value

Kind = Literal["by", "baseline", "against", "best"]
Outcome = Literal["better", "worse", "alike", "not decided"]


@dataclass(frozen=True)
class Answer:
    """Holds the comparisons that answer a question.

    Attributes:
        kind: What was asked; best: nothing, and the best row is compared with the others.
        table: The ranking.
        comparisons: Of single rows: the first minus the second of each.
        key: The key, with kind "by".
        reference: The value of the key that the others are compared with.
        means: For each value of the key but the reference, the mean over all models that have both values.
        values: By value of the key, the mean over the models that have every value; empty where there are none.
        margin: Accuracy in 0..1 by which two rows may differ and still be alike.
    """

    kind: Kind
    table: Table
    comparisons: tuple[Comparison, ...]
    key: str = ""
    reference: str = ""
    means: tuple[Comparison, ...] = ()
    values: tuple[Sample, ...] = ()
    margin: float = MARGIN

    def outcome(self, comparison: Comparison) -> Outcome:
        """Returns better or worse by the corrected p-value, else alike by the margin, else not decided."""
        if comparison.p_corrected is None or comparison.p_corrected >= ALPHA:
            return "alike" if comparison.p_alike is not None and comparison.p_alike < ALPHA else "not decided"
        return "better" if self.table.score.is_better(comparison.difference.mean, 0.0) else "worse"


def costs_of(comparison: Comparison) -> tuple[Ratio, ...]:
    """Returns the costs of the first rows of a comparison, relative to the second."""
    return cost_ratios(comparison.first.rows, comparison.second.rows)


def answer(table: Table, question: Question, correct: Sequence[Correct], margin: float = MARGIN) -> Answer | None:
    """Answers a question about a table.

    Args:
        table: A ranked table.
        question: A resolved question.
        correct: For each row of the table the right answers by seed and fold.
        margin: Accuracy in 0..1 by which two rows may differ and still be alike.

    Returns:
        The answer; None where the table has not what is asked for, or where a verdict answers no question.
    """
    uncorrected = _answer(table, question, correct)
    if uncorrected is None:
        return None
    return replace(
        uncorrected,
        comparisons=_corrected(uncorrected.comparisons, margin),
        means=_corrected(uncorrected.means, margin),
        margin=margin,
    )


def _answer(table: Table, question: Question, correct: Sequence[Correct]) -> Answer | None:
    """Answers a question by comparisons whose p-values are not corrected yet."""
    images: Sequence[Correct] = [{} for _ in table.rows] if table.is_joined else correct
    samples = {
        id(row): sample_of(row, correct_of_row, row.tested if table.is_joined else table.tested)
        for row, correct_of_row in zip(table.rows, images, strict=True)
    }
    if question.by:
        return _by(table, Key(question.by), samples)
    if question.baseline or question.against:
        return _against(table, question, samples)
    known = [sample for row in table.rows if row.rank is not None and (sample := samples[id(row)]).scores]
    best = table.best(table.rows)
    if table.is_joined or len(known) < 2 or best is None or (table.unit_models and table.baselines):
        return None
    others = [sample for sample in known if sample.row is not best]
    return Answer("best", table, tuple(compare(samples[id(best)], others)))


def _against(table: Table, question: Question, samples: Mapping[int, Sample]) -> Answer | None:
    """Compares named rows, or all, with a row."""
    names = (*question.against, *([question.baseline] if question.baseline else []))
    rows = [find_row(name, table) for name in names]
    if None in rows:
        return None
    *firsts, second = (samples[id(row)] for row in rows if row)
    if not question.against:
        firsts = [samples[id(row)] for row in table.rows if row is not second.row]
    comparisons = [
        comparison
        for first in firsts
        if first.row is not second.row and first.scores
        for comparison in compare(first, [second])
    ]
    kind: Kind = "against" if question.against else "baseline"
    return Answer(kind, table, tuple(comparisons)) if comparisons else None


def _by(table: Table, key: Key, samples: Mapping[int, Sample]) -> Answer | None:
    """Compares rows that are alike but for a key with that of the best value."""
    models: dict[frozenset[tuple[str, str]], dict[str | float, Sample]] = {}
    values: dict[str | float, None] = {}
    for row in table.rows:  # best first, so that the best of several rows with one value stands for it
        value = key.value(row)
        if value is not None and (sample := samples[id(row)]).scores:
            models.setdefault(key.rest(row), {}).setdefault(value, sample)
            values[value] = None
    if len(values) < 2:
        return None
    ordered = sorted(values, key=value_order)
    paired = [by_value for by_value in models.values() if len(by_value) > 1]
    whole = [by_value for by_value in paired if len(by_value) == len(values)]
    pooled = {v: pool(write_value(v), [by_value[v] for by_value in whole]) for v in ordered} if whole else {}
    reference = _best_value(table, ordered, pooled, paired)
    means, singles = [], []
    for value in ordered:
        both = [by_value for by_value in paired if value in by_value and reference in by_value]
        if value == reference or not both:
            continue
        first, second = (pool(write_value(v), [by_value[v] for by_value in both]) for v in (value, reference))
        means += compare(first, [second]) if first.scores else []
        for by_value in both:
            singles += compare(by_value[value], [by_value[reference]])
    return Answer(
        "by",
        table,
        comparisons=tuple(singles),
        key=key.name,
        reference=write_value(reference),
        means=tuple(means),
        values=tuple(pooled.values()),
    )


def _best_value(
    table: Table,
    values: Sequence[str | float],
    pooled: Mapping[str | float, Sample],
    paired: Sequence[Mapping[str | float, Sample]],
) -> str | float:
    """Returns the value with the best mean validation score over the models that have all values, or over all."""

    def order(value: str | float) -> float:
        rows = pooled[value].rows if pooled else tuple(by_value[value].row for by_value in paired if value in by_value)
        scores = [score for row in rows if (score := row.val_score) is not None]
        return table.score.sort_key(sum(scores) / len(scores) if scores else None)

    return min(values, key=order)


def _corrected(comparisons: Sequence[Comparison], margin: float) -> tuple[Comparison, ...]:
    """Tests for likeness, too, and corrects p-values for the number of comparisons (Holm 1979)."""
    corrected = correct_for_many([comparison.p for comparison in comparisons])
    alike = correct_for_many(
        [p_of_likeness(comparison, margin) if comparison.is_in_points else None for comparison in comparisons]
    )
    return tuple(
        replace(comparison, p_corrected=p, p_alike=p_alike)
        for comparison, p, p_alike in zip(comparisons, corrected, alike, strict=True)
    )


def rows_compared(answered: Answer) -> dict[int, Comparison]:
    """Returns by id of a row its comparison, for tables with one line for each row."""
    rows: dict[int, Comparison] = {}
    for comparison in answered.comparisons:
        changed: Row = comparison.second.row if answered.kind == "best" else comparison.first.row
        rows.setdefault(id(changed), comparison)
    return rows
