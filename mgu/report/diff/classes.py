"""What differs between two runs class by class."""

from __future__ import annotations

from mgu.report.formats.class_tables import percent
from mgu.report.formats.side_table import Entry, SideTable
from mgu.report.ranking.class_scores import ClassScore, name_examples, score_classes
from mgu.results.schema.result import Result

COLUMNS = ["class", "examples", "A recall [%]", "B recall [%]", "B minus A [points]", "A F1 [%]", "B F1 [%]"]


def compare_classes(a: Result, b: Result) -> SideTable:
    """Compares recall and F1 of each class on the data that judge both runs; classes that are told alike are left out.

    Args:
        a: The run that was there before.
        b: The other one, on the same data.

    Returns:
        The table, the class that B loses most on first; without rows where a run has no confusion matrix.
    """
    sides = [{score.name: score for score in score_classes([result])[1]} for result in (a, b)]
    shared = [(sides[0][name], sides[1][name]) for name in sides[0] if name in sides[1]]
    changed = [(ours, theirs) for ours, theirs in shared if (ours.recall, ours.f1) != (theirs.recall, theirs.f1)]
    rows = [_cells(*pair) for pair in sorted(changed, key=lambda pair: _gain(*pair) or 0.0)]
    return SideTable(f"Classes that are told otherwise, {name_examples(a)}", COLUMNS, rows)


def _cells(a: ClassScore, b: ClassScore) -> list[Entry]:
    gain = _gain(a, b)
    difference = ("-" if gain is None else f"{gain:+z.2f}", gain)
    name, examples = (a.name, a.name), (f"{a.examples:,}", a.examples)
    return [name, examples, percent(a.recall), percent(b.recall), difference, percent(a.f1), percent(b.f1)]


def _gain(a: ClassScore, b: ClassScore) -> float | None:
    """Returns the difference in recall, in points."""
    return None if a.recall is None or b.recall is None else 100 * (b.recall - a.recall)
