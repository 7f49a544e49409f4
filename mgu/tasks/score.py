"""What runs of a kind of task are ranked by: which metric, and which way is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

TaskName = Literal["classification", "regression", "ranking"]


@dataclass(frozen=True)
class Score:
    """`metric` decides on early stopping, the best weights and the rank; `others` stand beside it in a report."""

    metric: str
    higher_is_better: bool = True
    others: tuple[str, ...] = ()

    @property
    def worst(self) -> float:
        """Any value is better."""
        return -math.inf if self.higher_is_better else math.inf

    def is_better(self, value: float, than: float) -> bool:
        """Whether `value` is the better one; an equal one is not."""
        return value > than if self.higher_is_better else value < than

    def place(self, value: float | None) -> float:
        """Sorts the best first, and what has no score last."""
        return math.inf if value is None else -value if self.higher_is_better else value

    def text(self, value: float, width: int = 0) -> str:
        """For people: accuracy in percent, others with their name; rmse is in the unit of what is predicted."""
        return f"{value:{width}.2%}" if self.metric == "accuracy" else f"{shorten(value):>{width}} {self.metric}"


def shorten(value: float) -> str:
    """Four digits that count, and no fewer than stand before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


# Between which values a metric lies.
BOUNDS = {
    **dict.fromkeys(("accuracy", "precision", "recall", "recall_at_10", "ndcg_at_10"), (0.0, 1.0)),
    **dict.fromkeys(("macro_f1", "case_accuracy", "case_macro_f1"), (0.0, 1.0)),
    **dict.fromkeys(("rmse", "mae"), (0.0, math.inf)),
    "r2": (-math.inf, 1.0),
}
SCORES: dict[TaskName, Score] = {
    "classification": Score("accuracy", others=("case_accuracy", "macro_f1", "case_macro_f1")),  # the others of cases
    "regression": Score("rmse", higher_is_better=False, others=("mae", "r2")),
    "ranking": Score("ndcg_at_10", others=("recall_at_10",)),
}
