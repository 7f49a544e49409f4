"""The models whose classes a report tells, and how well each tells them."""

from __future__ import annotations

from typing import NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.ranking.class_scores import ClassScore, name_examples, score_classes
from mgu.report.ranking.row import Row

MOST_ROWS = 4  # models that are told class by class where nobody names them


class ModelClasses(NamedTuple):
    """Holds the classes of one model.

    Attributes:
        model: Its name in the report.
        examples: What judges it: "test examples", or "validation cases".
        runs: Number of its runs that have a confusion matrix, which are added up.
        classes: Worst F1 first; those that neither occur nor are predicted are last.
    """

    model: str
    examples: str
    runs: int
    classes: tuple[ClassScore, ...]


def classes_of(analysis: Analysis) -> list[ModelClasses]:
    """Scores the classes of the models that a report compares.

    Args:
        analysis: The experiment.

    Returns:
        Those that are asked for; else every kind of unit, the best of the grid and the default networks; else the first
        of the ranking; without those that have no confusion matrix.
    """
    scored = [(row, *score_classes(row.results)) for row in _compared(analysis)]
    return [ModelClasses(row.name, name_examples(row.result), runs, classes) for row, runs, classes in scored if runs]


def _compared(analysis: Analysis) -> list[Row]:
    """Lists the models that are told class by class, each once."""
    if (asked := analysis.asked) and asked.kind != "by":
        comparisons = asked.comparisons[:MOST_ROWS]
    else:
        comparisons = tuple(c for verdict in analysis.verdicts for c in (verdict.best, *verdict.defaults))
    rows = [row for comparison in comparisons for row in (comparison.first.row, comparison.second.row)]
    return list(dict.fromkeys(rows or analysis.table.rows[:MOST_ROWS]))
