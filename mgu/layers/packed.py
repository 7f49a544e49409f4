"""Several equal layers on one input, packed into one layer several times as wide: one pass over the input, not many.

This is known as horizontal fusion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd

from mgu.layers.storage import guard_weights, packed_parameters

CONVOLUTIONS: dict[type, Callable[..., Tensor]] = {nn.Conv1d: F.conv1d, nn.Conv2d: F.conv2d, nn.Conv3d: F.conv3d}
TRANSPOSED: dict[type, Callable[..., Tensor]] = {
    nn.ConvTranspose1d: F.conv_transpose1d,
    nn.ConvTranspose2d: F.conv_transpose2d,
    nn.ConvTranspose3d: F.conv_transpose3d,
}
GEOMETRY = ("stride", "padding", "output_padding", "dilation", "groups", "padding_mode")
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}  # by number of axes


def packing_obstacle(layers: Sequence[nn.Module], channel_axis: int) -> str | None:
    """Returns why `apply_packed` cannot compute these layers, as the end of an error message; None where it can.

    Args:
        layers: The layers, which must be of one kind and alike in all but their weights.
        channel_axis: Where the caller expects the channels of the output, counted from the end.

    Returns:
        The reason, or None.
    """
    first: Any = layers[0]
    kind = type(first)
    is_known = kind is nn.Linear or kind in CONVOLUTIONS or kind in TRANSPOSED
    if not is_known or channel_axis != (-1 if kind is nn.Linear else 1 - first.weight.dim()):
        return f"around {kind.__name__} with channels at axis {channel_axis}"
    if any(signature_of([layer]) != signature_of([first]) for layer in layers):
        return "where the transforms differ from one another or have hooks"
    return "where the transforms have hooks" if has_hooks(first) else None


def signature_of(modules: Sequence[nn.Module]) -> list[tuple[Any, ...]]:
    """Returns what decides whether modules can be packed: kind, hooks, shapes, geometry; every call asks it.

    Args:
        modules: The modules.

    Returns:
        A tuple for each module; where two differ, the modules cannot be packed.
    """
    return [(type(module), has_hooks(module), *_shapes(module), *_geometry(module)) for module in modules]


def has_hooks(module: nn.Module) -> bool:
    """Tells whether a module must be called itself, because it has hooks or a `forward` that is not its class's.

    Args:
        module: The module; those within it are not looked at.

    Returns:
        Whether it must.
    """
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
        or "forward" in module.__dict__
    )  # fmt: skip


def _shapes(module: nn.Module) -> tuple[Any, ...]:
    return tuple((name, p.shape, p.dtype, p.device) for name, p in module._parameters.items() if p is not None)


def _geometry(module: nn.Module) -> tuple[Any, ...]:
    attributes = module.__dict__
    return tuple(attributes.get(name) for name in GEOMETRY)


def apply_packed(layers: Sequence[nn.Module], x: Tensor) -> Tensor:
    """Applies all layers to x in one pass.

    Outputs of convolutions over images and volumes have channels last in memory.

    Args:
        layers: N layers for which `packing_obstacle` is None.
        x: The input of all of them.

    Shape:
        x: (B, C, *), or (*, C) for Linear; returns (B, N * C', *), or (*, N * C').

    Returns:
        The outputs side by side along the channel axis.
    """
    first: Any = layers[0]
    if isinstance(first, nn.Linear):
        return guard_weights(F.linear(x, *packed_parameters(layers)), layers)  # (*, N * C')
    axis = 1 - first.weight.dim()  # of the channels, counted from the end: without a batch it is the same
    if x.dim() == first.weight.dim():
        x = with_channels_last(x)
    if isinstance(first, _ConvTransposeNd):
        weight, bias = _interleaved(layers, axis=1)
        sizes = (first.stride, first.padding, first.output_padding, first.groups, first.dilation)
        out = TRANSPOSED[type(first)](x, weight, bias, *sizes)
        return _by_layer(out, axis, len(layers), first.groups)
    weight, bias = packed_parameters(layers) if first.groups == 1 else _interleaved(layers, axis=0)
    if first.padding_mode != "zeros":
        x = F.pad(x, first._reversed_padding_repeated_twice, mode=first.padding_mode)
    padding = first.padding if first.padding_mode == "zeros" else 0
    out = CONVOLUTIONS[type(first)](x, weight, bias, first.stride, padding, first.dilation, first.groups)
    return _by_layer(guard_weights(out, layers), axis, len(layers), first.groups)  # (B, N * C', *)


def _interleaved(layers: Sequence[Any], axis: int) -> tuple[Tensor, Tensor | None]:
    """Returns weight and bias of a packed layer with groups: the first group of every layer, then the second, ..."""
    groups = layers[0].groups if axis == 0 else 1
    weights = torch.stack([layer.weight.unflatten(axis, (groups, -1)) for layer in layers], dim=axis + 1)
    weight = weights.flatten(axis, axis + 2)
    if layers[0].bias is None:
        return weight, None
    return weight, torch.stack([layer.bias.unflatten(0, (layers[0].groups, -1)) for layer in layers], dim=1).flatten()


def _by_layer(out: Tensor, axis: int, num_layers: int, groups: int) -> Tensor:
    """Returns the channels ordered by layer, from their order by group."""
    if groups > 1:
        out = out.unflatten(axis, (groups, num_layers, -1))  # (B, G, N, C' / G, *)
        out = out.transpose(axis - 2, axis - 1).flatten(axis - 2, axis)  # (B, N * C', *)
    return out


def with_channels_last(x: Tensor) -> Tensor:
    """Returns x in channels-last memory order, in which a convolution returns its output too.

    Args:
        x: The input of a convolution.

    Shape:
        x: (B, C, H, W) or (B, C, D, H, W), others are returned as they are; returns the same shape.

    Returns:
        x, or a copy of it.
    """
    if x.dim() not in CHANNELS_LAST:
        return x
    x = x.contiguous(memory_format=CHANNELS_LAST[x.dim()])
    if x.shape[1] > 1:
        return x
    # With one channel the two orders are the same, and torch would take this one for the other.
    strides = list(x.stride())
    strides[1] = 1
    return x.as_strided(x.shape, strides)
