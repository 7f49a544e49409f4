"""A table as the training loop takes it: encoded rows and targets, resident in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Rows:
    """Inputs (N, D) as float32 and targets (N,): classes as int64, or standardised numbers as float32."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def device(self) -> torch.device:
        return self.targets.device

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Inputs (B, D) and targets (B,) of the rows at `index`."""
        return self.inputs[index], self.targets[index]

    def to(self, device: torch.device) -> Rows:
        return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))

    def subset(self, index: Tensor) -> Rows:
        return replace(self, inputs=self.inputs[index], targets=self.targets[index])
