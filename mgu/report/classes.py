"""The models whose classes a report tells, and how well each tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mgu.console.text import name_some
from mgu.report.analysis import Analysis
from mgu.report.ranking.class_scores import ClassScore, confusion_of, name_examples, score_classes
from mgu.report.ranking.row import Row
from mgu.results.schema.metrics import MOST_CLASSES

MOST_ROWS = 4  # models that are told class by class where nobody names them


class ModelClasses(NamedTuple):
    """Holds the classes of one model.

    Attributes:
        model: Its name in the report.
        examples: What judges it: "test examples", or "validation cases".
        runs: Number of its runs that have a confusion matrix, which are added up.
        all_runs: Number of all its runs.
        classes: Worst F1 first; those that neither occur nor are predicted are last.
    """

    model: str
    examples: str
    runs: int
    all_runs: int
    classes: tuple[ClassScore, ...]


def classes_of(analysis: Analysis) -> list[ModelClasses]:
    """Scores the classes of the models that a report compares, as many as people read.

    Args:
        analysis: The experiment.

    Returns:
        Those that are asked for; else every kind of unit, the best of the grid and the default networks; else the first
        of the ranking; without those that have no confusion matrix, and where none of them has one, others that do.
    """
    return _score(_told(analysis)[:MOST_ROWS])


def all_classes_of(analysis: Analysis) -> list[ModelClasses]:
    """Scores the classes of every model of a table that has a confusion matrix.

    Args:
        analysis: The experiment.

    Returns:
        The models in the order of the ranking.
    """
    return _score(analysis.table.rows)


def describe_untold(analysis: Analysis) -> list[str]:
    """Says which of the models that a report compares are not told class by class, and why.

    Args:
        analysis: The experiment.

    Returns:
        The sentences.
    """
    table, told = analysis.table, _told(analysis)
    by_reason: dict[str, list[str]] = {}
    for row in _compared(analysis):
        if not _has_classes(row):
            by_reason.setdefault(_reason(row), []).append(row.name)
    lines = [
        f"{table.title}: no classes are told of {name_some(names, MOST_ROWS)}: {reason}"
        for reason, names in by_reason.items()
    ]
    if len(told) > MOST_ROWS:
        lines.append(
            f"{table.title}: classes are told of {MOST_ROWS} of {len(told)} models. Name others by --baseline and "
            "--against; --format csv and json have all."
        )
    return lines


def _reason(row: Row) -> str:
    """Says why a model has no confusion matrix, and what helps."""
    if row.result.task != "classification":
        return f"the task is {row.result.task}, which has no classes."
    if any((result.num_classes or 0) > MOST_CLASSES for result in row.results):
        return f"results hold at most {MOST_CLASSES} classes."
    if not any(result.val for result in row.results):
        return f"no run of it ended an epoch well ({row.status})."
    return "an earlier version trained its runs. The same command with force=true trains them again."


def _score(rows: Iterable[Row]) -> list[ModelClasses]:
    scored = [(row, *score_classes(row.results)) for row in rows]
    return [
        ModelClasses(row.name, name_examples(row.result), runs, len(row.results), classes)
        for row, runs, classes in scored
        if runs
    ]


def _told(analysis: Analysis) -> list[Row]:
    """Lists the models with a confusion matrix among those compared; where none has one and none was named, all."""
    told = list(filter(_has_classes, _compared(analysis)))
    return told or ([] if analysis.asked else list(filter(_has_classes, analysis.table.rows)))


def _has_classes(row: Row) -> bool:
    return any(confusion_of(result) for result in row.results)


def _compared(analysis: Analysis) -> list[Row]:
    """Lists the models that are compared, each once: of a question first those that others are compared with."""
    if asked := analysis.asked:
        sides = [[comparison.second.row for comparison in asked.comparisons],
                 [comparison.first.row for comparison in asked.comparisons]]  # fmt: skip
    else:
        sides = [[verdict.unit, verdict.best.second.row, *(each.second.row for each in verdict.defaults)]
                 for verdict in analysis.verdicts]  # fmt: skip
    return list(dict.fromkeys(row for side in sides for row in side)) or analysis.table.rows
