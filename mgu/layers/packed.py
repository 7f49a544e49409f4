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
USERS_OF_OWN = 2  # of a storage that is one parameter's alone: its tensor, and the object that asks
WITH_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


def why_not_wide(layers: Sequence[nn.Module], axis: int) -> str | None:
    """Where `wide` cannot compute them, in words; None where it can: of one kind, and alike in all but their weights.

    axis: where the caller expects the channels, from the end.
    """
    first: Any = layers[0]
    kind = type(first)
    is_known = kind is nn.Linear or kind in CONVOLUTIONS or kind in TRANSPOSED
    if not is_known or axis != (-1 if kind is nn.Linear else 1 - first.weight.dim()):
        return f"around {kind.__name__} with channels at axis {axis}"
    if any(signature_of([layer]) != signature_of([first]) for layer in layers):
        return "where the transforms differ from one another or have hooks"
    return "where the transforms have hooks" if has_hooks(first) else None


def signature_of(modules: Sequence[nn.Module]) -> list[tuple[Any, ...]]:
    """What decides whether they can be computed together: kind, geometry, shapes, hooks. Cheap: every call asks it."""
    return [(type(module), has_hooks(module), *_shapes(module), *_geometry(module)) for module in modules]


def has_hooks(module: nn.Module) -> bool:
    """They want the module itself to be called."""
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )


def _shapes(module: nn.Module) -> tuple[Any, ...]:
    return tuple((name, p.shape, p.dtype, p.device) for name, p in module._parameters.items() if p is not None)


def _geometry(module: nn.Module) -> tuple[Any, ...]:
    own = module.__dict__
    return tuple(
        own.get(name) for name in ("stride", "padding", "output_padding", "dilation", "groups", "padding_mode")
    )


def wide(layers: Sequence[nn.Module], x: Tensor) -> Tensor:
    """The outputs of all layers for x along the channel axis: (B, len(layers) * C, *), or last for Linear.

    Those of convolutions over images and volumes have channels last in memory.
    """
    first: Any = layers[0]
    if isinstance(first, nn.Linear):
        return _watched(F.linear(x, *stored_together(layers)), layers)
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
    return _by_layer(_watched(out, layers), axis, len(layers), first.groups)


def _watched(out: Tensor, layers: Sequence[Any]) -> Tensor:
    """`out`, whose backward raises if a weight has changed since: the wide one is not what autograd watches."""
    if out.requires_grad and not torch.compiler.is_compiling():
        weights = [layer.weight for layer in layers]
        version = _version(weights)

        def check(gradient: Tensor) -> None:
            if _version(weights) != version:
                raise RuntimeError(
                    "a weight of the unit has been modified by an inplace operation since the forward pass"
                )

        out.register_hook(check)
    return out


def stored_together(layers: Sequence[Any]) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the wide layer, of which the layers' own are slices."""
    weights = [layer.weight for layer in layers]
    biases = [] if layers[0].bias is None else [layer.bias for layer in layers]
    if torch.compiler.is_compiling():  # addresses are unknown
        return torch.cat(weights), torch.cat(biases) if biases else None
    weight, bias = _Together.apply(len(layers), *weights, *biases)
    return weight, bias


class _Together(torch.autograd.Function):
    """Weights, and biases, as one tensor each without copying: they are moved, once, to where they lie side by side.

    They stay what they were to everybody else: parameters with names of their own. What moves them away (`.to(...)`)
    has them moved together again at the next call. While others hold their memory (a flat buffer of an optimizer, a
    state_dict, another process) they are left there, and copied.
    """

    @staticmethod
    def forward(ctx: Any, count: int, *parameters: Tensor) -> tuple[Tensor, Tensor | None]:
        ctx.count = count
        biases = parameters[count:]
        return side_by_side(parameters[:count]), side_by_side(biases) if biases else None

    @staticmethod
    def backward(ctx: Any, d_weight: Tensor, d_bias: Tensor | None) -> tuple[Tensor | None, ...]:
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
        if not all(map(_is_alone, parameters)):
            return whole
        for parameter, part in zip(parameters, whole.chunk(len(parameters)), strict=True):
            parameter.data = part
    return whole


def _is_alone(parameter: Tensor) -> bool:
    """Whether nothing else has the memory of this parameter."""
    storage = parameter.untyped_storage()
    is_whole = storage.nbytes() == parameter.nbytes and not (parameter.is_cpu and storage.is_shared())
    return is_whole and torch._C._storage_Use_Count(storage._cdata) <= USERS_OF_OWN


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
    """X in channels-last order, so that the convolution's output is in that order, too."""
    if x.dim() not in WITH_CHANNELS_LAST:
        return x
    x = x.contiguous(memory_format=WITH_CHANNELS_LAST[x.dim()])
    if x.shape[1] > 1:
        return x
    # With one channel both orders are one, and torch would take it for the other.
    strides = list(x.stride())
    strides[1] = 1
    return x.as_strided(x.shape, strides)
