"""Classification into one of K classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.score import SCORES


class Classification:
    """Softmax cross-entropy; accuracy and macro averages, computed from the confusion matrix (K, K)."""

    score = SCORES["classification"]

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats of logits (B, K) and targets (B,)."""
        return F.cross_entropy(logits, targets)

    def totals(self, device: torch.device | None = None) -> Tensor:
        """No counts yet (K, K), by true class (row) and predicted class (column)."""
        return torch.zeros(self.num_classes, self.num_classes, dtype=torch.long, device=device)

    def count(self, confusion: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Add a batch to `confusion`, in place."""
        cells = torch.add(logits.argmax(dim=1), targets, alpha=self.num_classes)
        # Not torch.bincount: on CUDA it waits for the device to learn how many bins there are.
        confusion.view(-1).scatter_add_(0, cells, torch.ones_like(cells))

    def correct(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Whether each of a batch is classified correctly (B,)."""
        return logits.argmax(dim=1) == targets

    def metrics(self, confusion: Tensor) -> dict[str, float]:
        """Fractions in 0..1. A class never predicted has precision 0, one never seen recall 0 (scikit-learn's rule)."""
        counts = confusion.double().cpu()
        hits = counts.diagonal()
        return {
            "accuracy": (hits.sum() / counts.sum()).item(),
            "precision": (hits / counts.sum(dim=0).clamp(min=1)).mean().item(),
            "recall": (hits / counts.sum(dim=1).clamp(min=1)).mean().item(),
        }
