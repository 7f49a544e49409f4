"""The bypass t(x), which skip and residual mix in: x transformed to the shape of layer(x).

replica     a copy of the layer (Damian and Piciu 2020)
projection  means over the layer's windows, a 1x1 convolution, batch norm
            (ResNet-D of He et al. 2019, https://arxiv.org/abs/1812.01187)
identity    x itself where the layer keeps its shape, else the projection
            (option B of He et al. 2016, https://arxiv.org/abs/1512.03385)
padded      x itself, with zeros for the channels that the layer adds (option A of the same paper): no parameters;
            where the layer removes channels, the projection; around a recurrent layer the last step of x

In a network that widens with every layer `identity` is the projection nearly everywhere. Without its norm the output of
a deep stack of projections, linear maps one after the other, grows from layer to layer until training diverges. A dense
layer has no projection other than its copy.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from mgu.layers.channels import geometry_of
from mgu.layers.normalization import BatchNorm
from mgu.layers.recurrent import LSTM, LastStep, Recurrent
from mgu.layers.weight_init import fresh_copy, initialise, place_like_
from mgu.unit.gates import ModuleFactory, call_factory, is_plain, pointwise
from mgu.unit.wiring import BypassKind

POOLS: dict[int, Callable[..., nn.Module]] = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


def build_bypass(
    kind: BypassKind | ModuleFactory, layer: nn.Module, bn_momentum: float = 0.1, bn_eps: float = 1e-3
) -> nn.Module:
    """Builds the bypass of a unit, where the layer lives and in its precision.

    Args:
        kind: One of BYPASS_KINDS, or a function that makes the bypass from the layer.
        layer: The layer that the unit wraps; it is not changed.
        bn_momentum: Weight of the newest batch in the running statistics of a projection's norm.
        bn_eps: Constant that a projection's norm adds to the variance.

    Returns:
        A module from x, the input of the layer, to the shape of layer(x).

    Raises:
        TypeError: The kind is not made for such a layer, or the function returns no module.
    """
    if callable(kind):
        return call_factory("bypass", kind, layer)
    layer = layer if kind == "replica" else geometry_of(layer)
    if kind == "identity" and _keeps_shape(layer):
        return nn.Identity()
    if kind == "padded" and isinstance(layer, Recurrent | LSTM):
        return LastStep(layer)
    if kind == "padded" and not _removes_channels(layer):
        return Padded(layer)
    if kind == "replica" or isinstance(layer, nn.Linear):
        return fresh_copy(layer)
    return _build_projection(kind, layer, bn_momentum, bn_eps)


def _build_projection(kind: BypassKind, layer: nn.Module, bn_momentum: float, bn_eps: float) -> nn.Module:
    """Returns the projection; raises TypeError, which names `kind`, for a layer without one."""
    asked = "bypass=padded where a layer takes channels away" if kind == "padded" else f"bypass={kind}"
    if not is_plain(layer) or isinstance(layer.padding, str) or any(step != 1 for step in layer.dilation):
        raise TypeError(
            f"{asked} must be around a Linear layer or a convolution that is not transposed, without dilation "
            f"and with padding in numbers, but got {type(layer).__name__}. Use mgu.bypass=replica."
        )
    # Its outermost windows would hold no input at all.
    if any(2 * padding > size for size, padding in zip(layer.kernel_size, layer.padding, strict=True)):
        raise TypeError(
            f"{asked} must be around a convolution with padding of at most half its kernel, but got padding "
            f"{layer.padding} for a kernel of {layer.kernel_size}. Use mgu.bypass=replica."
        )
    num_axes = len(layer.kernel_size)
    pool = POOLS[num_axes](layer.kernel_size, layer.stride, layer.padding)
    norm = BatchNorm(layer.out_channels, -1 - num_axes, bn_momentum, bn_eps)  # whose bias is that of the convolution
    bypass = nn.Sequential(pool, pointwise(layer, bias=False), norm)
    initialise(bypass)
    place_like_(bypass, layer)
    return bypass


class Centres(NamedTuple):
    """Says where in x, with channels last in memory, the bypass `padded` is read off. Without pairs x has no positions.

    Attributes:
        corner: Row and column of the first centre.
        strides: Steps between centres, down and right.
    """

    corner: tuple[int, ...]
    strides: tuple[int, ...]

    def start(self, x: Tensor) -> int:
        """Returns how many numbers lie before the first centre."""
        return (self.corner[0] * x.shape[3] + self.corner[1]) * x.shape[1] if self.corner else 0

    def layout(self, x: Tensor, outputs: Tensor) -> tuple[tuple[int, int], tuple[int, int, int]]:
        """Returns height and width of the outputs, (B, C, H, W), and the strides in x of images, rows and columns."""
        if not self.corner:
            return (1, 1), (x.shape[-1], 0, 0)
        _, channels, height, width = x.shape
        steps = self.strides[0] * width * channels, self.strides[1] * channels
        return (outputs.shape[2], outputs.shape[3]), (height * width * channels, *steps)


class Padded(nn.Module):
    """Returns x at the centres of the layer's windows, with zeros in the channels that the layer adds.

    Args:
        layer: A dense layer, or a convolution that is not transposed, with at least as many channels as its input.

    Shape:
        x: (B, C, *); returns (B, C', *'), the shape of layer(x).

    Raises:
        TypeError: The layer is of another kind, or a window has its centre outside of the input.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.margins: list[tuple[int, int]] = []  # by axis of positions, of which a dense layer has none
        self.strides: tuple[int, ...] = ()
        if isinstance(layer, nn.Linear):
            self.added = layer.out_features - layer.in_features
        elif is_plain(layer):
            self.added = layer.out_channels - layer.in_channels
            self.margins, self.strides = _margins(layer), layer.stride
            if min(map(min, self.margins)) < 0:
                raise TypeError(
                    "bypass=padded must be around a convolution whose windows have their centres inside of the input, "
                    f"but got padding {layer.padding} for a kernel of {layer.kernel_size}. Use mgu.bypass=replica."
                )
        else:
            raise TypeError(
                "bypass=padded must be around a Linear layer or a convolution that is not transposed, "
                f"but got {type(layer).__name__}. Use mgu.bypass=replica."
            )

    @property
    def centres(self) -> Centres | None:
        """Where a kernel reads the bypass off rows or images; None for lines and volumes."""
        if len(self.margins) not in (0, 2):
            return None
        return Centres(tuple(before for before, _ in self.margins), tuple(self.strides))

    def forward(self, x: Tensor) -> Tensor:
        sizes = x.shape[x.dim() - len(self.margins) :]
        centres = [
            slice(before, size - behind, stride)
            for (before, behind), size, stride in zip(self.margins, sizes, self.strides, strict=True)
        ]
        index: tuple[EllipsisType | slice, ...] = (..., *centres)
        at_centres = x[index]  # (B, C, *')
        return F.pad(at_centres, [0, 0] * len(self.margins) + [0, self.added])  # (B, C', *')


def _margins(layer: _ConvNd) -> list[tuple[int, int]]:
    """Returns by axis how far the centres of the first and the last window lie from the borders of the input."""
    if layer.padding == "same":
        return [(0, 0)] * len(layer.kernel_size)
    paddings = [0] * len(layer.kernel_size) if isinstance(layer.padding, str) else layer.padding
    margins = []
    for size, dilation, padding in zip(layer.kernel_size, layer.dilation, paddings, strict=True):
        before = dilation * ((size - 1) // 2)
        margins.append((before - padding, dilation * (size - 1) - before - padding))
    return margins


def _removes_channels(layer: nn.Module) -> bool:
    """Tells whether the output of the layer has fewer channels than its input."""
    if isinstance(layer, nn.Linear):
        return layer.out_features < layer.in_features
    return is_plain(layer) and layer.out_channels < layer.in_channels


def _keeps_shape(layer: nn.Module) -> bool:
    """Tells whether the output of the layer has the shape of its input."""
    if isinstance(layer, nn.Linear):
        return layer.in_features == layer.out_features
    if not is_plain(layer) or layer.in_channels != layer.out_channels or any(step != 1 for step in layer.stride):
        return False
    return not any(map(sum, _margins(layer)))
