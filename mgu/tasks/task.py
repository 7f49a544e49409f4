"""What the training loop asks of a task."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from mgu.tasks.score import Score


class Task(Protocol):
    """Loss and metrics of a model's outputs; `score` names the metric that counts, and which way is better.

    Nothing here may wait for the device but `metrics`: sums are kept in one tensor of `totals`, and read once an epoch.
    """

    score: Score

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean over the batch (), to be minimised."""
        ...

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Nothing counted yet."""
        ...

    def count(self, totals: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch to `totals`, in place."""
        ...

    def metrics(self, totals: Tensor) -> dict[str, float]:
        """By name, as in mgu/results/result.py; none where nothing was counted."""
        ...
