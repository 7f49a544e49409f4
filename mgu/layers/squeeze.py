"""Squeeze and excitation: one number for each channel, computed from the whole input.

Hu et al. 2018, https://arxiv.org/abs/1709.01507
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.layers.weight_init import initialise

REDUCTION, MIN_WIDTH = 16, 8  # the inner width is a sixteenth, as in the paper, but at least 8


class Squeeze(nn.Module):
    """Averages over positions, and applies a narrow dense layer, ReLU and a dense layer (Hu et al. 2018, eq. 2 and 3).

    Args:
        num_in: Channels of the input, C.
        num_out: Numbers to return, C'.
        num_axes: Axes of positions after the channels; 0 for dense layers.
        bias: Whether the last layer has a bias.

    Shape:
        x: (B, C, *), or (*, C) without axes of positions; returns (B, C', 1...), or (*, C').
    """

    def __init__(self, num_in: int, num_out: int, num_axes: int, bias: bool = True) -> None:
        super().__init__()
        self.num_axes = num_axes
        width = max(num_in // REDUCTION, MIN_WIDTH)
        self.reduce, self.expand = nn.Linear(num_in, width), nn.Linear(width, num_out, bias=bias)

    @property
    def bias(self) -> Tensor | None:
        """Bias of the last layer, at which a gate made of it starts."""
        return self.expand.bias

    def forward(self, x: Tensor) -> Tensor:
        features = x.mean(tuple(range(-self.num_axes, 0))) if self.num_axes else x  # (B, C)
        out: Tensor = self.expand(torch.relu(self.reduce(features)))  # (B, C')
        return out.view(*out.shape, *(1,) * self.num_axes)  # (B, C', 1...)


class SqueezeExcitation(nn.Module):
    """Scales each channel by a number computed from the whole input (Hu et al. 2018, eq. 4).

    Args:
        num_channels: Number of channels.
        channel_axis: Their axis, counted from the end.

    Shape:
        x: (B, C, *), or (*, C) with the channels last; returns the same shape.
    """

    def __init__(self, num_channels: int, channel_axis: int) -> None:
        super().__init__()
        self.squeeze = Squeeze(num_channels, num_channels, num_axes=-1 - channel_axis)
        initialise(self.squeeze)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.squeeze(x))
