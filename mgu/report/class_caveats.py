"""Caveats on classes: those that no example judges, and one that is so frequent that accuracy says little."""

from __future__ import annotations

from mgu.console.text import count, name_some
from mgu.report.ranking.class_counts import ClassCounts, counts_of
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.text.agree import agree

SOME = 3  # names that a sentence has


def describe_classes(table: Table, by_class: bool) -> list[str]:
    """Says what the classes of the data that judge the runs of a table do to its scores.

    Args:
        table: A ranked table.
        by_class: Whether the report tells classes.

    Returns:
        The sentences; none where no run has a confusion matrix, and for joined tables, whose rows have other data each.
    """
    if table.is_joined or not (counts := counts_of(table.results)):
        return []
    return [*_missing(counts), *_largest(table, counts, by_class)]


def _missing(counts: ClassCounts) -> list[str]:
    """Classes without an example, of which no score says anything."""
    if not (missing := counts.missing):
        return []
    single, it = counts.counted.removesuffix("s"), agree(len(missing), "it", "them")
    return [f"No {single} is of class {name_some(missing, SOME)}: no score says anything of {it}."]


def _largest(table: Table, counts: ClassCounts, by_class: bool) -> list[str]:
    """A class that is so frequent that to name it always is half as good as the best model."""
    scores = {row.name: _accuracy(row, counts) for row in table.rows}
    known = [score for score in scores.values() if score is not None]
    if not counts.is_uneven or not known or counts.largest_share < max(known) / 2:
        return []
    line = (
        f"To name {counts.largest} for each of the {counts.total:,} {counts.counted} would be right for "
        f"{counts.largest_share:.2%}."
    )
    poor = [name for name, score in scores.items() if score is not None and score <= counts.largest_share + 1e-9]
    if poor:
        are = agree(len(poor), "is", "are")
        line += f" {count(len(poor), 'model')} {are} right for no more: {name_some(poor, SOME)}."
    return [line if by_class else f"{line} `--classes` tells each class."]


def _accuracy(row: Row, counts: ClassCounts) -> float | None:
    """Returns the mean accuracy of a row on what the counts are of: cases, or examples."""
    metric = "case_accuracy" if counts.counted.endswith("cases") else "accuracy"
    spread = row.spread(row.tested, metric)
    return spread.mean if spread else None
