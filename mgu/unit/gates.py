"""What a gate computes its openness from x with, before the sigmoid: the paper's copy of the layer, or less.

replica    a copy of the layer: an openness for every element (seed 001)
depthwise  a depthwise, then a pointwise convolution (Howard et al. 2017): the same with a ninth, of 3x3 kernels
squeeze    means over positions, a narrow dense layer, ReLU, a dense layer (Hu et al. 2018): one for each channel
spatial    a copy of the layer with one channel: one for each position
channel    a learned constant for each channel
scalar     a learned constant
"""

from __future__ import annotations

from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mgu.layers.channels import Channels
from mgu.layers.squeeze import Squeeze
from mgu.layers.weight_init import fresh_copy, initialise, place_like_
from mgu.unit.wiring import GateKind

# By the number of axes of positions.
CONVOLUTIONS: dict[int, type[_ConvNd]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED: dict[int, type[_ConvNd]] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def build_gate(kind: GateKind, layer: nn.Module, channels: Channels) -> nn.Module:
    """A transform of x to the shape of layer(x), or to one that broadcasts to it; with a `bias`, if the layer has one.

    Raises TypeError for a layer that the kind is not made for.
    """
    if kind == "replica":
        return fresh_copy(layer)
    gate = _build_gate(kind, layer, channels)
    initialise(gate)
    place_like_(gate, layer)
    return gate


def _build_gate(kind: GateKind, layer: nn.Module, channels: Channels) -> nn.Module:
    if kind in ("channel", "scalar"):
        return Constant(channels.num if kind == "channel" else 1, channels.axis)
    if kind == "depthwise" and is_plain(layer):
        return Depthwise(layer)
    if kind == "squeeze" and isinstance(layer, nn.Linear):
        return Squeeze(layer.in_features, layer.out_features, 0, bias=layer.bias is not None)
    if kind == "squeeze" and isinstance(layer, _ConvNd):
        return Squeeze(layer.in_channels, layer.out_channels, len(layer.kernel_size), bias=layer.bias is not None)
    if kind == "spatial" and isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, 1, bias=layer.bias is not None)
    if kind == "spatial" and isinstance(layer, _ConvNd):
        return _like(layer, layer.in_channels, 1)
    fitting = "a convolution that is not transposed" if kind == "depthwise" else "a Linear layer or a convolution"
    raise TypeError(
        f"gate={kind} must be around {fitting}, but got {type(layer).__name__}. Use replica, channel or scalar."
    )


class Depthwise(nn.Module):
    """A convolution as a depthwise one of its geometry and a pointwise one: (B, C, *) to (B, C', *)."""

    def __init__(self, layer: _ConvNd) -> None:
        super().__init__()
        count = layer.in_channels
        self.depthwise = _like(layer, count, count, groups=count, bias=False)
        self.pointwise = pointwise(layer, bias=layer.bias is not None)

    @property
    def bias(self) -> Tensor | None:
        """Where the gate starts."""
        return self.pointwise.bias

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.pointwise(self.depthwise(x))
        return out


class Constant(nn.Module):
    """A learned number for each channel, or one for all, whatever x is: (C, 1...)."""

    def __init__(self, num: int, channel_axis: int) -> None:
        super().__init__()
        self.num_axes = -1 - channel_axis
        self.bias = nn.Parameter(torch.zeros(num))

    def forward(self, x: Tensor) -> Tensor:
        return self.bias.view(-1, *(1,) * self.num_axes)


def is_plain(layer: nn.Module) -> TypeGuard[_ConvNd]:
    """Whether it is a convolution that is not transposed."""
    return isinstance(layer, _ConvNd) and not isinstance(layer, _ConvTransposeNd)


def pointwise(layer: _ConvNd, bias: bool) -> _ConvNd:
    """A convolution by one position at a time between the layer's channels."""
    convolution: Any = CONVOLUTIONS[len(layer.kernel_size)]
    made: _ConvNd = convolution(layer.in_channels, layer.out_channels, 1, bias=bias)
    return made


def _like(layer: _ConvNd, num_in: int, num_out: int, **changes: Any) -> _ConvNd:
    """A convolution of the layer's geometry between other channels, in one group unless changed."""
    names = ("kernel_size", "stride", "padding", "dilation", "padding_mode")
    geometry = {name: getattr(layer, name) for name in names}
    convolution: Any = CONVOLUTIONS[len(layer.kernel_size)]
    if isinstance(layer, _ConvTransposeNd):
        convolution, geometry["output_padding"] = TRANSPOSED[len(layer.kernel_size)], layer.output_padding
    made: _ConvNd = convolution(num_in, num_out, **(geometry | {"bias": layer.bias is not None} | changes))
    return made
