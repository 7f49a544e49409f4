"""Tables of how well models tell each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgu.console.text import count
from mgu.report.classes import ModelClasses
from mgu.report.formats.side_table import MISSING, Entry, SideTable
from mgu.report.ranking.class_scores import ClassScore

TITLES = ("class", "examples", "precision [%]", "recall [%]", "F1 [%]", "AP [%]", "AUC [%]", "most often taken for")
SOME = 2  # classes that are named
LESSER = ("AUC [%]", "AP [%]", "precision [%]", "most often taken for", "examples")


def class_table(model: ModelClasses) -> SideTable:
    """Lists the classes of a model, worst F1 first.

    Args:
        model: Its classes.

    Returns:
        The table, whose title says what is counted.
    """
    summed = f" of {count(model.runs, 'run')} together" if model.runs > 1 else ""
    if model.runs < model.all_runs:
        summed = f" of {model.runs} of {count(model.all_runs, 'run')}"
    title = f"Classes of {model.model}, {model.examples}{summed}, worst F1 first"
    return SideTable(title, list(TITLES), [class_cells(score) for score in model.classes], (0, len(TITLES) - 1), LESSER)


def class_cells(score: ClassScore) -> list[Entry]:
    """Writes the cells of one class.

    Args:
        score: How well it is told.

    Returns:
        Its name, its examples, shares in percent, and what it is taken for, in the order of TITLES.
    """
    return [
        (score.name, score.name),
        (f"{score.examples:,}", score.examples),
        *map(percent, (score.precision, score.recall, score.f1, score.ap, score.auc)),
        (taken := _describe_taken(score), taken),
    ]


def _describe_taken(score: ClassScore) -> str:
    """Says what the examples of a class are most often taken for; of many classes only how many they are."""
    if not score.taken_for:
        return "-"
    names = ", ".join(score.taken_for) if len(score.taken_for) <= SOME else f"{len(score.taken_for)} classes"
    return f"{names} ({score.taken:,}{' each' if len(score.taken_for) > 1 else ''})"


def percent(share: float | None) -> Entry:
    """Returns the cell of a share of one, in percent; a dash where it is not defined."""
    return MISSING if share is None else (f"{100 * share:.2f}", 100 * share)


def class_records(models: Sequence[ModelClasses]) -> list[dict[str, Any]]:
    """Returns one record for each model and class with exact values: shares are fractions of one."""
    return [
        {"model_name": model.model, "judged_by": model.examples, "runs": model.runs, "class": score.name}
        | {key: value for key, value in score._asdict().items() if key != "name"}
        for model in models
        for score in model.classes
    ]
