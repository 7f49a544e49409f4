"""Augmented batches of any images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self, cast

import torch
from torch import Tensor

from mgu.augment.pipeline import Augment
from mgu.data.splits import Data, Labelled


@dataclass(frozen=True)
class AugmentedData:
    """Gives batches of other data, augmented: to train on, not to evaluate on.

    Attributes:
        data: Examples whose inputs are images (B, C, H, W) in 0..1.
        augment: Changes each batch.
    """

    data: Data
    augment: Augment

    def __len__(self) -> int:
        return len(self.data)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.data.device

    @property
    def labels(self) -> Tensor:
        """The classes of the examples (N,), of a classification."""
        return cast(Labelled, self.data).labels

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs and targets of the examples at `index`, by new draws in every call."""
        return self.augment(*self.data.batch(index))

    def to(self, device: torch.device) -> Self:
        """Returns the same examples on `device`."""
        return replace(self, data=self.data.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the examples at `index`, augmented by the same generator."""
        return replace(self, data=self.data.subset(index))
