"""The protocol of a task: what the training loop asks of it."""

from __future__ import annotations

from copy import copy
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from mgu.tasks.score import Score


class Task(Protocol):
    """Computes loss and metrics of a model's outputs; `score` names the metric that counts.

    Only `metrics` may wait for the device: sums are kept in one tensor, which is read once an epoch.
    """

    score: Score

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the mean loss of a batch (), to be minimised."""
        ...

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Returns sums in which nothing is counted yet."""
        ...

    def count(self, totals: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Adds a batch to `totals`, in place."""
        ...

    def metrics(self, totals: Tensor) -> dict[str, float]:
        """Returns the metrics by their names in mgu/results/schema/metrics.py; an empty dict where none was counted."""
        ...


Judged = TypeVar("Judged", bound=Task)


def judged_by(task: Judged, score: Score) -> Judged:
    """Returns a task that is the same but for the metric that counts.

    Args:
        task: A task, which may be shared and stays as it is.
        score: The metric that counts, one of those that are known for the task.

    Returns:
        A copy.
    """
    task = copy(task)
    task.score = score
    return task
