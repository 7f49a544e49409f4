"""Classification into one of K classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.score import SCORES


def balance(labels: Tensor, num_classes: int) -> Tensor:
    """Weights (K,) under which all classes of `labels` (N,) count alike, and their mean over the labels is 1."""
    counts = labels.bincount(minlength=num_classes)
    return len(labels) / (num_classes * counts.clamp(min=1))


class Classification:
    """Softmax cross-entropy; accuracy and macro averages, computed from the confusion matrix (K, K).

    class_weights: (K,) by which examples of a class count in the loss, in the metrics they all count alike.
    """

    score = SCORES["classification"]

    def __init__(self, num_classes: int, class_weights: Tensor | None = None) -> None:
        self.num_classes, self.class_weights = num_classes, class_weights

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy in nats of logits (B, K) and targets (B,)."""
        if self.class_weights is None:
            return F.cross_entropy(logits, targets)
        self.class_weights = self.class_weights.to(logits.device)  # moves once
        # Over the number of examples, not over their weights as torch's mean: in a small batch of one class those
        # would cancel out.
        return F.cross_entropy(logits, targets, self.class_weights, reduction="sum") / len(targets)

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
        """Fractions in 0..1. Means are over the classes that were there or predicted; one that was not predicted has
        precision 0, one that was not there recall 0 (scikit-learn's rules).
        """
        counts = confusion.double().cpu()
        hits, predicted, there = counts.diagonal(), counts.sum(dim=0), counts.sum(dim=1)
        occurs = predicted + there > 0
        return {
            "accuracy": (hits.sum() / counts.sum()).item(),
            "precision": (hits / predicted.clamp(min=1))[occurs].mean().item(),
            "recall": (hits / there.clamp(min=1))[occurs].mean().item(),
        }
