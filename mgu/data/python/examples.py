"""Examples of floating-point inputs in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor, nn

from mgu.data.take import take


@dataclass(frozen=True)
class Examples:
    """Holds inputs as they are given to the network, and targets.

    Attributes:
        inputs: (N, *) as float32.
        targets: (N,), classes as int64 or standardised numbers as float32.
    """

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.targets.device

    @property
    def labels(self) -> Tensor:
        """The class of each example (N,), of a classification."""
        return self.targets

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs (B, *) and targets (B,) of the examples at `index`; images have their channels last."""
        if self.inputs.dim() == 4:
            return take(self.inputs.permute(0, 2, 3, 1), index).permute(0, 3, 1, 2), take(self.targets, index)
        return take(self.inputs, index), take(self.targets, index)

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the inputs (B, *) of the examples at `index` as the function returned them."""
        return self.inputs[index]

    @property
    def preprocessing(self) -> nn.Module:
        """The module from `raw` inputs to those of `batch`: the network takes them as they are."""
        return nn.Identity()

    def to(self, device: torch.device) -> Self:
        """Returns the examples on the device, images with their channels last in memory, as batches are."""
        form = torch.channels_last if self.inputs.dim() == 4 else torch.preserve_format
        return replace(self, inputs=self.inputs.to(device, memory_format=form), targets=self.targets.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the examples at `index`."""
        return replace(self, inputs=self.inputs[index], targets=self.targets[index])
