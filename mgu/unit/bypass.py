"""The way past the layer, which skip and residual mix in: x brought to the shape of layer(x).

    replica     a copy of the layer (seed 001)
    projection  means over the layer's windows, a 1x1 convolution, batch norm (ResNet-D of He et al. 2019)
    identity    x itself where the layer keeps its shape, else the projection (option B of He et al. 2016)
    padded      x itself, with zeros for the channels that the layer adds (option A of He et al. 2016): no parameters;
                where it takes some away, the projection

In a network that widens with every layer `identity` is the projection nearly everywhere. Without its norm a deep stack
of projections, linear maps one after the other, grows from layer to layer until training diverges. A dense layer has no
other projection than its copy.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from mgu.layers.normalization import BatchNorm
from mgu.layers.weight_init import fresh_copy, initialise, place_like_
from mgu.unit.gates import is_plain, pointwise
from mgu.unit.wiring import BypassKind

POOLS: dict[int, Callable[..., nn.Module]] = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


def build_bypass(kind: BypassKind, layer: nn.Module, bn_momentum: float = 0.01, bn_eps: float = 1e-3) -> nn.Module:
    """A transform of x to the shape of layer(x); the two numbers are of a projection's norm.

    Raises TypeError for a layer that the kind is not made for.
    """
    if kind == "identity" and _keeps_shape(layer):
        return nn.Identity()
    if kind == "padded" and not _narrows(layer):
        return Padded(layer)
    if kind == "replica" or isinstance(layer, nn.Linear):
        return fresh_copy(layer)
    asked = f"bypass={kind}" + " where a layer takes channels away" * (kind == "padded")
    if not is_plain(layer) or isinstance(layer.padding, str) or any(step != 1 for step in layer.dilation):
        raise TypeError(
            f"{asked} must be around a Linear layer or a convolution that is not transposed, without dilation "
            f"and with padding in numbers, but got {type(layer).__name__}. Use replica."
        )
    if any(2 * padding > size for size, padding in zip(layer.kernel_size, layer.padding, strict=True)):
        raise TypeError(  # its outermost windows would hold no input at all
            f"{asked} must be around a convolution with padding of at most half its kernel, but got padding "
            f"{layer.padding} for a kernel of {layer.kernel_size}. Use replica."
        )
    axes = len(layer.kernel_size)
    pool = POOLS[axes](layer.kernel_size, layer.stride, layer.padding)
    norm = BatchNorm(layer.out_channels, -1 - axes, bn_momentum, bn_eps)  # has the bias
    bypass = nn.Sequential(pool, pointwise(layer, bias=False), norm)
    initialise(bypass)
    place_like_(bypass, layer)
    return bypass


class Padded(nn.Module):
    """x at the centres of the layer's windows, and zeros in the channels that the layer adds: (B, C, *) to (B, C', *').

    The layer has no fewer channels than its input. Raises TypeError for one whose windows have no such centres.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.margins: list[tuple[int, int]] = []  # of the axes of positions, of which a dense layer has none
        self.strides: tuple[int, ...] = ()
        if isinstance(layer, nn.Linear):
            self.added = layer.out_features - layer.in_features
        elif is_plain(layer):
            self.added = layer.out_channels - layer.in_channels
            self.margins, self.strides = _margins(layer), layer.stride
            if min(map(min, self.margins)) < 0:
                raise TypeError(
                    "bypass=padded must be around a convolution whose windows have their centres inside of the input, "
                    f"but got padding {layer.padding} for a kernel of {layer.kernel_size}. Use replica."
                )
        else:
            raise TypeError(
                "bypass=padded must be around a Linear layer or a convolution that is not transposed, "
                f"but got {type(layer).__name__}. Use replica."
            )

    def forward(self, x: Tensor) -> Tensor:
        sizes = x.shape[x.dim() - len(self.margins) :]
        centres = [
            slice(before, size - behind, stride)
            for (before, behind), size, stride in zip(self.margins, sizes, self.strides, strict=True)
        ]
        index: tuple[EllipsisType | slice, ...] = (..., *centres)
        return F.pad(x[index], [0, 0] * len(self.margins) + [0, self.added])


def _margins(layer: _ConvNd) -> list[tuple[int, int]]:
    """By axis of positions: how far the centres of the first and of the last window lie from the input's borders."""
    if layer.padding == "same":
        return [(0, 0)] * len(layer.kernel_size)
    paddings = [0] * len(layer.kernel_size) if isinstance(layer.padding, str) else layer.padding
    margins = []
    for size, dilation, padding in zip(layer.kernel_size, layer.dilation, paddings, strict=True):
        before = dilation * ((size - 1) // 2)
        margins.append((before - padding, dilation * (size - 1) - before - padding))
    return margins


def _narrows(layer: nn.Module) -> bool:
    if isinstance(layer, nn.Linear):
        return layer.out_features < layer.in_features
    return is_plain(layer) and layer.out_channels < layer.in_channels


def _keeps_shape(layer: nn.Module) -> bool:
    if isinstance(layer, nn.Linear):
        return layer.in_features == layer.out_features
    if not is_plain(layer) or layer.in_channels != layer.out_channels or any(step != 1 for step in layer.stride):
        return False
    return not any(map(sum, _margins(layer)))
