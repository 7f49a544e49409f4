"""What a whole input says of each channel: squeeze and excitation (Hu et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.layers.weight_init import initialise

REDUCTION, NARROWEST = 16, 8  # the inner width: a sixteenth, as its authors have it, but not below 8 for narrow layers


class Squeeze(nn.Module):
    """Means over positions through a narrow dense layer, ReLU and a dense layer: (B, C, *) to (B, C', 1...).

    num_axes: how many axes of positions there are, after the channels; with none, (*, C) to (*, C').
    """

    def __init__(self, num_in: int, num_out: int, num_axes: int, bias: bool = True) -> None:
        super().__init__()
        self.num_axes = num_axes
        width = max(num_in // REDUCTION, NARROWEST)
        self.reduce, self.expand = nn.Linear(num_in, width), nn.Linear(width, num_out, bias=bias)

    @property
    def bias(self) -> Tensor | None:
        """Where a gate that is made of it starts."""
        return self.expand.bias

    def forward(self, x: Tensor) -> Tensor:
        features = x.mean(tuple(range(-self.num_axes, 0))) if self.num_axes else x  # (B, C)
        out: Tensor = self.expand(torch.relu(self.reduce(features)))  # (B, C')
        return out.view(*out.shape, *(1,) * self.num_axes)


class SqueezeExcitation(nn.Module):
    """Scale each channel by what the whole input says of it: (B, C, *), or (*, C) for features last, to the same."""

    def __init__(self, num_channels: int, channel_axis: int) -> None:
        super().__init__()
        self.squeeze = Squeeze(num_channels, num_channels, num_axes=-1 - channel_axis)
        initialise(self.squeeze)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.squeeze(x))
