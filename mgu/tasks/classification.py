"""Classification into one of K classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.tasks.score import SCORES
from mgu.tasks.votes import macro_f1


def balance(labels: Tensor, num_classes: int) -> Tensor:
    """Returns weights by which the classes that occur count alike.

    Args:
        labels: The class of each example (N,).
        num_classes: K.

    Returns:
        Weights (K,), whose mean over the labels is 1.
    """
    counts = labels.bincount(minlength=num_classes)
    return len(labels) / (counts.count_nonzero() * counts.clamp(min=1))


class Classification:
    """Computes softmax cross-entropy, accuracy and macro averages, the latter two from a confusion matrix (K, K).

    Args:
        num_classes: K.
        class_weights: How much an example of each class (K,) counts in the loss. In the metrics all count alike.
    """

    score = SCORES["classification"]

    def __init__(self, num_classes: int, class_weights: Tensor | None = None) -> None:
        self.num_classes, self.class_weights = num_classes, class_weights

    def loss(self, logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Returns the mean cross-entropy, in nats, of logits (B, K) and targets: classes (B,), or shares (B, K).

        Smoothing (Szegedy et al. 2016, https://arxiv.org/abs/1512.00567) spreads this share of a label over all.
        """
        if self.class_weights is None:
            return F.cross_entropy(logits, targets, label_smoothing=label_smoothing)
        self.class_weights = self.class_weights.to(logits.device)  # moves once
        summed = F.cross_entropy(logits, targets, self.class_weights, reduction="sum")
        if label_smoothing:
            # Not by torch's argument, which weights each class's share of the smoothing by that class, and not by the
            # example's: with weights 1 and 30, the best prediction for every example is the rare class.
            weights = self.class_weights[targets] if targets.dim() == 1 else targets @ self.class_weights
            uniform = -(weights * logits.log_softmax(dim=1).mean(dim=1)).sum()
            summed = (1 - label_smoothing) * summed + label_smoothing * uniform
        # Divided by the number of examples, not by their weights as in torch's mean: in a small batch of one class
        # the weights would cancel out.
        return summed / len(targets)

    def totals(self, device: torch.device | None = None) -> Tensor:
        """Returns an empty confusion matrix (K, K), by true class (row) and predicted class (column)."""
        return torch.zeros(self.num_classes, self.num_classes, dtype=torch.long, device=device)

    def count(self, confusion: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Adds a batch to `confusion` in place; of shares of several classes (B, K) the largest counts."""
        cells = torch.add(logits.argmax(dim=1), _classes(targets), alpha=self.num_classes)
        # Not torch.bincount: on CUDA it waits for the device to learn how many bins there are.
        confusion.view(-1).scatter_add_(0, cells, torch.ones_like(cells))

    def correct(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Returns whether each example of a batch is classified correctly (B,)."""
        return logits.argmax(dim=1) == _classes(targets)

    def metrics(self, confusion: Tensor) -> dict[str, float]:
        """Returns accuracy, macro precision and macro recall as fractions in 0..1; macro F1 where it is what counts.

        Precision is the mean over the classes that occur or are predicted, and 0 for one that is never predicted, as
        scikit-learn has it. Recall is the mean over the classes that occur (balanced accuracy), so that it is of the
        same classes for all models.
        """
        counts = confusion.double().cpu()
        hits, predicted, there = counts.diagonal(), counts.sum(dim=0), counts.sum(dim=1)
        is_told = predicted + there > 0
        metrics = {
            "accuracy": (hits.sum() / counts.sum()).item(),
            "precision": (hits / predicted.clamp(min=1))[is_told].mean().item(),
            "recall": (hits / there.clamp(min=1))[there > 0].mean().item(),
        }
        return metrics | ({"macro_f1": macro_f1(confusion)} if self.score.metric == "macro_f1" else {})


def _classes(targets: Tensor) -> Tensor:
    """Returns classes (B,) as they are, and of shares (B, K), such as those of mixup, the class with the largest."""
    return targets if targets.dim() == 1 else targets.argmax(dim=1)
