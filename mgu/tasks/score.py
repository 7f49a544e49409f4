"""Scores: the metric that runs of a task are ranked by, and which way is better. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

TaskName = Literal["classification", "regression", "ranking"]


@dataclass(frozen=True)
class Score:
    """Describes the metric that decides on early stopping, the best weights and the rank.

    Attributes:
        metric: Its name.
        higher_is_better: Whether larger values are better.
        others: Metrics that a report shows beside it.
    """

    metric: str
    higher_is_better: bool = True
    others: tuple[str, ...] = ()

    @property
    def worst(self) -> float:
        """Returns a value that every other one is better than."""
        return -math.inf if self.higher_is_better else math.inf

    def is_better(self, value: float, than: float) -> bool:
        """Returns whether `value` is better than `than`; an equal one is not."""
        return value > than if self.higher_is_better else value < than

    def sort_key(self, value: float | None) -> float:
        """Returns a sort key that puts the best value first and None last."""
        if value is None:
            return math.inf
        return -value if self.higher_is_better else value

    @property
    def is_percent(self) -> bool:
        """Whether people read it in percent, and differences of it in points."""
        return is_percent(self.metric)

    def text(self, value: float, width: int = 0) -> str:
        """Returns the value for display: shares of right answers in percent, all but accuracy with their name."""
        number = f"{value:{width}.2%}" if self.is_percent else f"{shorten(value):>{width}}"
        return number if self.metric == "accuracy" else f"{number} {self.metric}"

    def difference(self, value: float) -> str:
        """Returns a difference of two values for display, with its sign and unit."""
        return f"{100 * value:+z.2f} points" if self.is_percent else f"{'+' if value > 0 else ''}{shorten(value)}"


def is_percent(metric: str) -> bool:
    """Tells whether people read a metric in percent: shares of right answers, over examples, cases or classes.

    Args:
        metric: Its name.

    Returns:
        Whether it is one.
    """
    return metric.removeprefix("case_") in ("accuracy", "precision", "recall", "macro_f1")


def shorten(value: float) -> str:
    """Returns a number with four significant digits, or all of its digits before the point.

    Args:
        value: Any number.

    Returns:
        The text, with commas between thousands.
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


# The bounds of each metric.
BOUNDS = {
    **dict.fromkeys(("accuracy", "precision", "recall", "recall_at_10", "ndcg_at_10"), (0.0, 1.0)),
    **dict.fromkeys(("macro_f1", "case_accuracy", "case_macro_f1"), (0.0, 1.0)),
    **dict.fromkeys(("rmse", "mae"), (0.0, math.inf)),
    "r2": (-math.inf, 1.0),
}
ScoreName = Literal["accuracy", "recall", "macro_f1", "rmse", "mae", "ndcg_at_10", "recall_at_10"]
# By task the scores that it may be trained for, the usual one first. A report shows the first two of `others`.
KNOWN: dict[TaskName, tuple[Score, ...]] = {
    "classification": (
        Score("accuracy", others=("case_accuracy", "macro_f1", "case_macro_f1", "recall")),
        Score("recall", others=("accuracy", "macro_f1", "case_accuracy", "case_macro_f1")),
        Score("macro_f1", others=("accuracy", "recall", "case_accuracy", "case_macro_f1")),
    ),
    "regression": (
        Score("rmse", higher_is_better=False, others=("mae", "r2")),
        Score("mae", higher_is_better=False, others=("rmse", "r2")),
    ),
    "ranking": (Score("ndcg_at_10", others=("recall_at_10",)), Score("recall_at_10", others=("ndcg_at_10",))),
}
SCORES: dict[TaskName, Score] = {task: scores[0] for task, scores in KNOWN.items()}


def score_of(task: TaskName, metric: object = None) -> Score:
    """Returns the score that a run is trained for.

    Args:
        task: What is learned.
        metric: The name that its configuration gives; None for the usual one, and so for a name of another task.

    Returns:
        The score.
    """
    return next((score for score in KNOWN[task] if score.metric == metric), SCORES[task])


def score_named(metric: str) -> Score:
    """Returns the score of a metric, whatever the task.

    Args:
        metric: The name of a score that some task has.

    Returns:
        The score.
    """
    return next(score for scores in KNOWN.values() for score in scores if score.metric == metric)
