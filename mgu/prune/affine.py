"""Affine functions of each channel, such as a batch norm in evaluation mode, and folding them into linear layers."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mgu.layers.normalization import BatchNorm


class Affine(NamedTuple):
    """Holds the function x * scale + shift in double precision.

    Attributes:
        scale: One value for each channel (C,).
        shift: One value for each channel (C,).
    """

    scale: Tensor
    shift: Tensor


def affine_of_norm(norm: BatchNorm) -> Affine:
    """Returns the affine function that a batch norm computes in evaluation mode."""
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    weight, bias, mean, var = (tensor.detach().double() for tensor in tensors)
    scale = weight / (var + norm.eps).sqrt()
    return Affine(scale, bias - mean * scale)


def is_linear(layer: nn.Module) -> bool:
    """Tells whether functions can be folded into a layer: its weight is (out, in, *) and it pads with zeros only."""
    if not type(layer).__module__.startswith("torch.nn."):  # a class derived from torch's may compute something else
        return False
    if isinstance(layer, _ConvNd):
        return not isinstance(layer, _ConvTransposeNd) and layer.groups == 1 and layer.padding_mode == "zeros"
    return type(layer) is nn.Linear


def fold_after(layer: nn.Module, affine: Affine) -> nn.Module:
    """Returns affine(layer(x)) as one layer."""
    weight, bias = weights_of(layer)
    scale = affine.scale.view(-1, *[1] * (weight.dim() - 1))
    return with_weights(layer, weight * scale, bias * affine.scale + affine.shift)


def fold_before(layer: nn.Module, affine: Affine) -> nn.Module:
    """Returns layer(affine(x)) as one layer, which must not pad."""
    weight, bias = weights_of(layer)
    shape = (1, -1, *[1] * (weight.dim() - 2))
    moved = (weight * affine.shift.view(shape)).flatten(1).sum(dim=1)
    return with_weights(layer, weight * affine.scale.view(shape), bias + moved)


def weights_of(layer: Any) -> tuple[Tensor, Tensor]:
    """Returns the weight (out, in, *) and the bias (out,), zeros if there is none, in double precision."""
    weight = layer.weight.detach().double()
    return weight, weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().double()


def with_weights(layer: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    """Copies a layer with other weights.

    Args:
        layer: A layer with weight and bias.
        weight: The weight of the copy.
        bias: Its bias.

    Returns:
        The copy, in the precision and the memory format of the layer.
    """
    changed: Any = copy.deepcopy(layer)
    like = changed.weight.detach()
    changed.weight = nn.Parameter(torch.empty_like(like).copy_(weight))
    changed.bias = nn.Parameter(bias.to(like))
    copied: nn.Module = changed
    return copied
