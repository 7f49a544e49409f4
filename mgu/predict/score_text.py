"""Scores of predictions as text for people."""

from __future__ import annotations

import math

from mgu.console.table import TextColumn, print_table
from mgu.console.text import count, table_console
from mgu.predict.score import Scores
from mgu.report.formats.class_tables import LESSER, TITLES, class_cells
from mgu.tasks.score import is_percent, shorten
from mgu.text.agree import agree

WORDS = {"accuracy": "accuracy", "precision": "mean precision", "recall": "mean recall", "macro_f1": "mean F1",
         "rmse": "RMSE", "mae": "MAE", "r2": "R2"}  # fmt: skip


def print_scores(scores: Scores) -> None:
    """Prints scores, and a table of the classes.

    Args:
        scores: The scores.
    """
    console = table_console()
    for line in _lines(scores):
        console.print(line, highlight=False, markup=False, soft_wrap=not console.is_terminal)
    if scores.classes:
        cells = [class_cells(each) for each in scores.classes]
        columns = [
            TextColumn(title, title, [row[k][0] for row in cells], "left" if k in (0, len(TITLES) - 1) else "right")
            for k, title in enumerate(TITLES)
        ]
        print_table(console, columns, LESSER, title="Classes, worst F1 first")


def _lines(scores: Scores) -> list[str]:
    without = scores.unknown - scores.unseen
    left_out = f", {without:,} without {agree(without, 'is', 'are')} left out" if without else ""
    examples = "example" if scores.examples == 1 else "examples"
    lines = [f"{scores.examples:,} {examples} with their truth{left_out}"]
    if scores.unseen:
        share = scores.metrics["accuracy"] * scores.examples / (scores.examples + scores.unseen)
        lines.append(
            f"{scores.unseen:,} more of classes that training never saw, for which no prediction can be right, "
            f"{agree(scores.unseen, 'is', 'are')} left out: with them the accuracy is {share:.2%}"
        )
    for name, value in scores.metrics.items():
        interval = ""
        if name == "accuracy" and scores.interval:
            low, high, method = scores.interval
            interval = f", 95 % interval {low:.2%} to {high:.2%} ({method})"
        elif name == "accuracy":
            interval = " (without an interval: there is one group, or all groups have the same share of right answers)"
        number = f"{value:.2%}" if is_percent(name) else shorten(value) if math.isfinite(value) else "-"
        lines.append(f"{WORDS[name]}{_over(name, scores)}: {number}{interval}")
    if scores.case_accuracy is not None:
        cases = count(scores.cases, "case")
        lines.append(f"accuracy of {cases} by the votes of their images: {scores.case_accuracy:.2%}")
    return lines


def _over(metric: str, scores: Scores) -> str:
    """Says which classes a mean is over: recall and F1 have those that occur, precision also those only predicted."""
    if metric not in ("precision", "recall", "macro_f1"):
        return ""
    occurring, told = (
        sum(bool(each.examples) for each in scores.classes),
        sum(each.f1 is not None for each in scores.classes),
    )
    if occurring == len(scores.classes):
        return f" of the {count(occurring, 'class')}"
    if metric == "precision":
        return f" of the {count(told, 'class')} that {agree(told, 'occurs or is', 'occur or are')} predicted"
    return f" of the {count(occurring, 'class')} that {'occurs' if occurring == 1 else 'occur'}"
