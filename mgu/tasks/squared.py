"""Classification whose loss is half the squared error of one output a class, as networks at an equilibrium learn it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.classification import Classification


class SquaredClassification(Classification):
    """Computes half the squared error of outputs in [0, 1], and the metrics of any classification.

    Args:
        num_classes: K.
    """

    def loss(self, logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Returns the mean over examples of half the squared error of outputs (B, K) for classes (B,)."""
        wanted = F.one_hot(targets, self.num_classes).to(logits.dtype)
        return (logits - wanted).square().sum(dim=1).mean() / 2
