"""The transforms that gates are computed with, before the sigmoid: the paper's copy of the layer, or a cheaper one.

replica    a copy of the layer, one value for every element (Damian and Piciu 2020)
depthwise  a depthwise, then a pointwise convolution, which for 3x3 kernels has about a ninth of the weights
           (Howard et al. 2017, https://arxiv.org/abs/1704.04861)
squeeze    means over positions, a narrow dense layer, ReLU, a dense layer: one value for each channel
           (Hu et al. 2018, https://arxiv.org/abs/1709.01507)
spatial    a copy of the layer with one channel: one value for each position
channel    a learned constant for each channel
scalar     a learned constant
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mgu.layers.channels import Channels, geometry_of
from mgu.layers.squeeze import Squeeze
from mgu.layers.weight_init import fresh_copy, initialise, place_like_
from mgu.unit.wiring import GateKind

ModuleFactory = Callable[[nn.Module], nn.Module]  # from the wrapped layer, the module for one gate or for the bypass

# By the number of axes of positions.
CONVOLUTIONS: dict[int, type[_ConvNd]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED: dict[int, type[_ConvNd]] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def build_gate(kind: GateKind | ModuleFactory, layer: nn.Module, channels: Channels) -> nn.Module:
    """Builds the transform of one gate, where the layer lives and in its precision.

    Args:
        kind: One of GATE_KINDS, or a function that makes the transform from the layer.
        layer: The layer that the unit wraps; it is not changed.
        channels: Channels of the layer's output.

    Returns:
        A module from x, the input of the layer, to the shape of layer(x) or one that broadcasts to it. It has a `bias`
        if the layer has one.

    Raises:
        TypeError: The kind is not made for such a layer, or the function returns no module.
    """
    if kind == "replica":
        return fresh_copy(layer)
    if callable(kind):
        return call_factory("gate", kind, layer)
    gate = _build_gate(kind, geometry_of(layer), channels)
    initialise(gate)
    place_like_(gate, layer)
    return gate


def call_factory(argument: str, factory: ModuleFactory, layer: nn.Module) -> nn.Module:
    """Returns the module that a user's factory makes, moved to where the layer lives.

    Args:
        argument: Name of the unit's argument, for the error message.
        factory: The user's function.
        layer: The wrapped layer.

    Returns:
        The module.

    Raises:
        TypeError: The factory is a module itself, or does not return one.
    """
    expected = f"{argument} must be a name or a function from the layer to a new module"
    if isinstance(factory, nn.Module):
        raise TypeError(
            f"{expected}, but got a {type(factory).__name__}. Pass lambda layer: {type(factory).__name__}(...)."
        )
    module = factory(layer)
    if not isinstance(module, nn.Module):
        raise TypeError(f"{expected}, but got one that returns {type(module).__name__}. Return a torch.nn.Module.")
    place_like_(module, layer)
    return module


def _build_gate(kind: GateKind, layer: nn.Module, channels: Channels) -> nn.Module:
    """Returns the transform with torch's own initial weights, on the CPU."""
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
        f"gate={kind} must be around {fitting}, but got {type(layer).__name__}. "
        "Use mgu.gate=replica, channel or scalar."
    )


class Depthwise(nn.Module):
    """Applies a depthwise convolution with the geometry of `layer`, then a pointwise one (Howard et al. 2017).

    Args:
        layer: A convolution that is not transposed.

    Shape:
        x: (B, C, *); returns (B, C', *), the shape of layer(x).
    """

    def __init__(self, layer: _ConvNd) -> None:
        super().__init__()
        num_in = layer.in_channels
        self.depthwise = _like(layer, num_in, num_in, groups=num_in, bias=False)
        self.pointwise = pointwise(layer, bias=layer.bias is not None)

    @property
    def bias(self) -> Tensor | None:
        """Bias of the last convolution, at which the gate starts."""
        return self.pointwise.bias

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.pointwise(self.depthwise(x))  # (B, C', *)
        return out


class Constant(nn.Module):
    """Returns learned numbers whatever its input is.

    Args:
        num: How many numbers: one a channel, or 1.
        channel_axis: Axis of the channels of the layer's output, counted from the end.

    Shape:
        x: any; returns (num, 1...), which broadcasts to the shape of the layer's output.
    """

    def __init__(self, num: int, channel_axis: int) -> None:
        super().__init__()
        self.num_axes = -1 - channel_axis
        self.bias = nn.Parameter(torch.zeros(num))

    def forward(self, x: Tensor) -> Tensor:
        return self.bias.view(-1, *(1,) * self.num_axes)  # (C, 1...)


def is_plain(layer: nn.Module) -> TypeGuard[_ConvNd]:
    """Tells whether the layer is a convolution that is not transposed."""
    return isinstance(layer, _ConvNd) and not isinstance(layer, _ConvTransposeNd)


def pointwise(layer: _ConvNd, bias: bool) -> _ConvNd:
    """Returns a convolution with a kernel of one position between the channels of `layer`."""
    convolution: Any = CONVOLUTIONS[len(layer.kernel_size)]
    made: _ConvNd = convolution(layer.in_channels, layer.out_channels, 1, bias=bias)
    return made


def _like(layer: _ConvNd, num_in: int, num_out: int, **changes: Any) -> _ConvNd:
    """Returns a convolution with the geometry of `layer` between other channels, in one group unless changed."""
    names = ("kernel_size", "stride", "padding", "dilation", "padding_mode")
    geometry = {name: getattr(layer, name) for name in names}
    convolution: Any = CONVOLUTIONS[len(layer.kernel_size)]
    if isinstance(layer, _ConvTransposeNd):
        convolution, geometry["output_padding"] = TRANSPOSED[len(layer.kernel_size)], layer.output_padding
    made: _ConvNd = convolution(num_in, num_out, **(geometry | {"bias": layer.bias is not None} | changes))
    return made
