"""Encoded rows of a table in memory, as the training loop takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mgu.data.take import take


@dataclass(frozen=True)
class Rows:
    """Holds inputs and targets of rows; several may be of one group, such as a patient.

    Attributes:
        inputs: (N, D) as float32, or (N, 2) numbers of user and item.
        targets: (N,): classes as int64, or standardised numbers as float32.
        groups: The group of each row (N,), by number; None where each row is by itself.
    """

    inputs: Tensor
    targets: Tensor
    groups: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.targets.device

    @property
    def labels(self) -> Tensor:
        """The targets (N,), which are the classes where the task is classification."""
        return self.targets

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs (B, D) and targets (B,) of the rows at `index`."""
        return take(self.inputs, index), take(self.targets, index)

    def to(self, device: torch.device) -> Rows:
        """Returns the same rows on `device`."""
        groups = None if self.groups is None else self.groups.to(device)
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device), groups=groups)

    def subset(self, index: Tensor) -> Rows:
        """Returns the rows at `index`."""
        groups = None if self.groups is None else self.groups[index]
        return replace(self, inputs=self.inputs[index], targets=self.targets[index], groups=groups)
