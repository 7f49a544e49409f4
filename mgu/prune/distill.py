"""Knowledge distillation (Hinton et al. 2015, https://arxiv.org/abs/1503.02531) from the unit to the pruned network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.data.splits import Data, Labelled
from mgu.tasks.classification import Classification


@dataclass(frozen=True)
class TaughtData:
    """Holds data whose targets (B, 1 + K) are the class and the logits of the teacher.

    Attributes:
        data: The images and labels.
        logits: Logits of the teacher (N, K), which are computed once.
    """

    data: Data
    logits: Tensor

    def __len__(self) -> int:
        return len(self.data)

    @property
    def device(self) -> torch.device:
        return self.data.device

    @property
    def labels(self) -> Tensor:
        return cast(Labelled, self.data).labels

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        inputs, labels = self.data.batch(index)
        return inputs, torch.cat([labels.unsqueeze(1).to(self.logits), self.logits[index]], dim=1)

    def to(self, device: torch.device) -> Self:
        return type(self)(self.data.to(device), self.logits.to(device))

    def subset(self, index: Tensor) -> Self:
        return type(self)(self.data.subset(index), self.logits[index])


class Distillation(Classification):
    """Trains on labels and on a teacher's logits (Hinton et al. 2015, section 2, https://arxiv.org/abs/1503.02531).

    The loss is (1 - weight) of the cross-entropy with the labels plus weight T^2 of the divergence KL(teacher || model)
    at the temperature T; T^2 keeps its gradient as large as that of the labels. Where targets are labels alone (B,), as
    in evaluation, it is the cross-entropy with them.

    Args:
        num_classes: Number of classes.
        weight: Share of the divergence in the loss, in 0..1.
        temperature: Temperature T of the divergence.
        class_weights: How much an example of each class (K,) counts in the cross-entropy.
    """

    def __init__(
        self, num_classes: int, weight: float, temperature: float, class_weights: Tensor | None = None
    ) -> None:
        super().__init__(num_classes, class_weights)
        self.weight, self.temperature = weight, temperature

    def loss(self, logits: Tensor, targets: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Computes the mean loss of a batch in nats; only the labels are smoothed, the teacher's logits are not."""
        by_labels = super().loss(logits, _labels(targets), label_smoothing)
        if targets.dim() == 1:
            return by_labels
        model, teacher = (each / self.temperature for each in (logits, targets[:, 1:]))
        divergence = F.kl_div(
            model.log_softmax(dim=1), teacher.log_softmax(dim=1), reduction="batchmean", log_target=True
        )
        return (1 - self.weight) * by_labels + self.weight * self.temperature**2 * divergence

    def count(self, confusion: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Adds a batch to `confusion` in place."""
        super().count(confusion, logits, _labels(targets))

    def correct(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Tells whether each example of a batch is classified correctly (B,)."""
        return super().correct(logits, _labels(targets))


def _labels(targets: Tensor) -> Tensor:
    return targets if targets.dim() == 1 else targets[:, 0].long()
