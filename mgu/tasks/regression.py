"""Regression of one number."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.score import SCORES


class Regression:
    """Computes the squared error of standardised targets (t - mean) / std, and metrics in the target's own unit.

    Args:
        mean: Mean that the targets were standardised with.
        std: Standard deviation that they were standardised with.
    """

    score = SCORES["regression"]

    def __init__(self, mean: float, std: float) -> None:
        self.mean, self.std = mean, std

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the mean squared error of outputs (B, 1) or (B,) and targets (B,), in squared standard deviations."""
        return F.mse_loss(outputs.view_as(targets), targets)

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Returns empty sums (5,): examples, absolute error, squared error, target, squared target."""
        is_mps = device is not None and device.type == "mps"  # which has no float64
        return torch.zeros(5, device=device, dtype=torch.float32 if is_mps else torch.float64)

    def count(self, totals: Tensor, outputs: Tensor, targets: Tensor) -> None:
        """Adds a batch to `totals`, in place."""
        targets = targets.to(totals.dtype)
        error = outputs.view_as(targets).to(totals.dtype) - targets
        parts = (torch.ones_like(error), error.abs(), error.square(), targets, targets.square())
        totals.add_(torch.stack([part.sum() for part in parts]))

    def metrics(self, totals: Tensor) -> dict[str, float]:
        """Returns RMSE and MAE in the target's unit, and R² against predicting the mean of these targets."""
        count, absolute, squared, target, squared_target = totals.tolist()
        spread = squared_target - target * target / count
        return {
            "rmse": self.std * math.sqrt(squared / count),
            "mae": self.std * absolute / count,
            "r2": 1 - squared / spread if spread > 0 else math.nan,
        }
