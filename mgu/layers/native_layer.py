"""Forward and backward of a dense layer or a convolution, as parts of a larger autograd.Function."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mgu.layers.packed import has_hooks
from mgu.layers.patches import BACKWARD, FORWARD, find_patches
from mgu.layers.products import multiply

KINDS: tuple[type, ...] = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]  # of input, weight and bias


def layer_obstacle(layer: Any, x: Tensor) -> str | None:
    """Returns why `compute_layer` cannot compute a layer, as the end of an error message; None where it can.

    Args:
        layer: The layer.
        x: Its input.

    Returns:
        The reason, or None.
    """
    kind = type(layer)
    if kind not in KINDS:
        return f"around {kind.__name__}"
    parameters = layer._parameters
    present = [p for p in parameters.values() if p is not None]
    if has_hooks(layer) or any((p.dtype, p.device) != (x.dtype, x.device) for p in present):
        return "where a layer has hooks, or another precision or place than its input"
    if kind is nn.Linear:
        return None
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return "around a convolution whose padding is not zeros in numbers"
    return None if x.dim() == parameters["weight"].dim() else "without a batch"


def layer_axes(layer: Any, x: Tensor) -> tuple[int, int]:
    """Returns where the channels of the output of a layer are.

    Args:
        layer: A dense layer or a convolution.
        x: Its input, which has as many axes as its output.

    Returns:
        The axis, counted from the end (below 0) and from the start.
    """
    axis = -1 if type(layer) is nn.Linear else 1 - layer._parameters["weight"].dim()
    return axis, axis + x.dim()


def compute_layer(layer: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Applies a layer for which `layer_obstacle` is None.

    Args:
        layer: Tells the kind and the geometry.
        x: Its input; images with channels last in memory.
        weight: Its weight.
        bias: Its bias, or None.

    Returns:
        The output of the layer.
    """
    if type(layer) is nn.Linear:
        return _dense(x, weight, bias)
    if patches := find_patches(layer, x, weight, FORWARD):
        out = multiply(patches.of(x), _as_matrix(weight), bias)  # (N, C')
        return out.view(x.shape[0], *patches.out_size, -1).permute(0, 3, 1, 2)  # (B, C', H', W')
    return torch.convolution(x, weight, bias, layer.stride, layer.padding, layer.dilation, False, (0,), layer.groups)


def layer_gradients(layer: Any, d_out: Tensor, x: Tensor, weight: Tensor, needed: tuple[bool, bool, bool]) -> Gradients:
    """Computes the gradients of `compute_layer`.

    Args:
        layer: As there.
        d_out: Gradient of its output; of images with channels last in memory.
        x: Its input.
        weight: Its weight.
        needed: Which gradients are asked for: of input, weight and bias.

    Returns:
        They, each None where it is not asked for.
    """
    if type(layer) is nn.Linear:
        of_input, of_weight, of_bias = _dense_gradients(
            d_out.reshape(-1, d_out.shape[-1]), weight, x.reshape(-1, x.shape[-1]) if needed[1] else None, needed
        )
        return None if of_input is None else of_input.view(x.shape), of_weight, of_bias
    if patches := find_patches(layer, x, weight, BACKWARD):
        rows = d_out.permute(0, 2, 3, 1).reshape(-1, d_out.shape[1])  # (N, C')
        of_patches, of_matrix, of_bias = _dense_gradients(
            rows, _as_matrix(weight), patches.of(x) if needed[1] else None, needed
        )
        channels_last = weight.shape[0], *weight.shape[2:], weight.shape[1]
        return (
            None if of_patches is None else patches.images(of_patches),
            None if of_matrix is None else of_matrix.view(channels_last).permute(0, 3, 1, 2),
            of_bias,
        )
    sizes = layer.stride, layer.padding, layer.dilation, False, (0,), layer.groups
    gradients: Gradients = torch.ops.aten.convolution_backward(d_out, x, weight, weight.shape[:1], *sizes, needed)
    return gradients


def _dense(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Applies a dense layer."""
    return multiply(x.reshape(-1, x.shape[-1]), weight, bias).view(*x.shape[:-1], -1)


def _as_matrix(weight: Tensor) -> Tensor:
    """Returns the weight of a convolution, (C', C, H, W), as that of a dense layer; a view where channels are last."""
    return weight.permute(0, 2, 3, 1).reshape(weight.shape[0], -1)


def _dense_gradients(d_out: Tensor, weight: Tensor, x: Tensor | None, needed: tuple[bool, bool, bool]) -> Gradients:
    """Returns the gradients of a dense layer, given those of its output, (N, C')."""
    return (
        multiply(d_out, weight.t()) if needed[0] else None,
        multiply(d_out.t(), x.t()) if x is not None else None,
        d_out.sum(0) if needed[2] else None,
    )
