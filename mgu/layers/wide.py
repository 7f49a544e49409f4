"""Several equal layers on one input as one layer several times as wide: one pass over the input instead of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd

CONVOLUTIONS: dict[type, Callable[..., Tensor]] = {nn.Conv1d: F.conv1d, nn.Conv2d: F.conv2d, nn.Conv3d: F.conv3d}
TRANSPOSED: dict[type, Callable[..., Tensor]] = {
    nn.ConvTranspose1d: F.conv_transpose1d,
    nn.ConvTranspose2d: F.conv_transpose2d,
    nn.ConvTranspose3d: F.conv_transpose3d,
}
WITH_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def can_be_wide(layers: Sequence[nn.Module], axis: int) -> bool:
    """Whether `wide` computes them: of one kind that it knows, and alike in everything but their weights.

    axis: where the caller expects the channels, from the end.
    """
    first: Any = layers[0]
    kind = type(first)
    if kind is not nn.Linear and kind not in CONVOLUTIONS and kind not in TRANSPOSED:
        return False
    if axis != (-1 if kind is nn.Linear else 1 - first.weight.dim()):
        return False
    return all(type(layer) is kind and _shape(layer) == _shape(first) for layer in layers)


def are_observed(layers: Sequence[nn.Module]) -> bool:
    """Whether one has hooks, which want the layer itself to be called."""
    return any(layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks for layer in layers)


def wide(layers: Sequence[nn.Module], x: Tensor) -> Tensor:
    """What the layers make of x, one after another along the channel axis: (B, len(layers) * C, *), or last for Linear.

    Convolutions over images and volumes answer with channels last in memory.
    """
    first: Any = layers[0]
    if isinstance(first, nn.Linear):
        return F.linear(x, *stored_together(layers))
    axis = 1 - first.weight.dim()  # of the channels, from the end: a missing batch does not move it
    if x.dim() == first.weight.dim():
        x = with_channels_last(x)
    if isinstance(first, _ConvTransposeNd):
        weight, bias = _interleaved(layers, axis=1)
        sizes = (first.stride, first.padding, first.output_padding, first.groups, first.dilation)
        out = TRANSPOSED[type(first)](x, weight, bias, *sizes)
        return _by_layer(out, axis, len(layers), first.groups)
    weight, bias = stored_together(layers) if first.groups == 1 else _interleaved(layers, axis=0)
    if first.padding_mode != "zeros":
        x = F.pad(x, first._reversed_padding_repeated_twice, mode=first.padding_mode)
    padding = first.padding if first.padding_mode == "zeros" else 0
    out = CONVOLUTIONS[type(first)](x, weight, bias, first.stride, padding, first.dilation, first.groups)
    return _by_layer(out, axis, len(layers), first.groups)


def stored_together(layers: Sequence[Any]) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the wide layer, of which the layers' own are slices."""
    weights = [layer.weight for layer in layers]
    biases = [] if layers[0].bias is None else [layer.bias for layer in layers]
    if torch.compiler.is_compiling():  # which cannot follow where tensors lie
        return torch.cat(weights), torch.cat(biases) if biases else None
    weight, bias = _Together.apply(len(layers), *weights, *biases)
    return weight, bias


class _Together(torch.autograd.Function):
    """Weights, and biases, as one tensor each without copying: they are moved, once, to where they lie side by side.

    They stay what they were to everybody else: parameters with names of their own. What moves them away (`.to(...)`)
    has them moved together again at the next call.
    """

    @staticmethod
    def forward(ctx: Any, count: int, *parameters: Tensor) -> tuple[Tensor, Tensor | None]:
        ctx.count, ctx.parameters, ctx.version = count, parameters, _version(parameters)
        biases = parameters[count:]
        return side_by_side(parameters[:count]), side_by_side(biases) if biases else None

    @staticmethod
    def backward(ctx: Any, d_weight: Tensor, d_bias: Tensor | None) -> tuple[Tensor | None, ...]:
        if _version(ctx.parameters) != ctx.version:  # the wide tensors are not those that autograd watches
            raise RuntimeError(
                "a parameter of the unit has been modified by an inplace operation since the forward pass"
            )
        weights = torch.unsafe_chunk(d_weight, ctx.count)
        return None, *weights, *(() if d_bias is None else torch.unsafe_chunk(d_bias, ctx.count))


def _version(parameters: Sequence[Tensor]) -> int:
    """Grows with every change in place; what was made in inference mode is not counted, and cannot be trained."""
    return sum(parameter._version for parameter in parameters if not parameter.is_inference())


def side_by_side(parameters: Sequence[Tensor]) -> Tensor:
    """One tensor, along the first axis, of which the given ones are slices from now on."""
    first = parameters[0]
    size, start, storage = first.numel() * first.element_size(), first.data_ptr(), first.untyped_storage().data_ptr()
    stride = first.stride()
    places = [(p.data_ptr(), p.untyped_storage().data_ptr(), p.stride()) for p in parameters]
    is_dense = first.shape[0] * stride[0] == first.numel()
    if is_dense and places == [(start + i * size, storage, stride) for i in range(len(parameters))]:
        return first.detach().as_strided((len(parameters) * first.shape[0], *first.shape[1:]), stride)
    with torch.inference_mode(first.is_inference()):  # what is to be trained later must not come of that mode
        whole = torch.cat([parameter.detach() for parameter in parameters])
        for parameter, part in zip(parameters, whole.chunk(len(parameters)), strict=True):
            parameter.data = part
    return whole


def _interleaved(layers: Sequence[Any], axis: int) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a wide layer with groups: the outputs of the first group of every layer, of the second, ..."""
    groups = layers[0].groups if axis == 0 else 1
    weights = torch.stack([layer.weight.unflatten(axis, (groups, -1)) for layer in layers], dim=axis + 1)
    weight = weights.flatten(axis, axis + 2)
    if layers[0].bias is None:
        return weight, None
    return weight, torch.stack([layer.bias.unflatten(0, (layers[0].groups, -1)) for layer in layers], dim=1).flatten()


def _by_layer(out: Tensor, axis: int, count: int, groups: int) -> Tensor:
    """Channels in the order of layers, from the order of groups."""
    if groups > 1:
        out = out.unflatten(axis, (groups, count, -1)).transpose(axis - 2, axis - 1).flatten(axis - 2, axis)
    return out


def with_channels_last(x: Tensor) -> Tensor:
    """So that a position's channels lie together in what the convolution answers."""
    if x.dim() not in WITH_CHANNELS_LAST:
        return x
    x = x.contiguous(memory_format=WITH_CHANNELS_LAST[x.dim()])
    if x.shape[1] > 1:
        return x
    # With one channel both orders are one, and torch would take it for the other.
    strides = list(x.stride())
    strides[1] = 1
    return x.as_strided(x.shape, strides)


def _shape(layer: Any) -> tuple[Any, ...]:
    names = ("stride", "padding", "output_padding", "dilation", "groups", "padding_mode")
    bias = None if layer.bias is None else layer.bias.shape
    return layer.weight.shape, layer.weight.dtype, layer.weight.device, bias, *(getattr(layer, n, None) for n in names)
