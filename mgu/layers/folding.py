"""Fold batch normalisation into the linear layers around it, which in evaluation mode are one function with it.

A batch norm right after a layer scales that layer's outputs; one after the activation scales and shifts the inputs of
the next layer, unless that pads them: there the zeros of the border would have to be shifted, too.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from mgu.layers.activation import Activation
from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.layers.pruned import PrunedUnit


class Affine(NamedTuple):
    """x * scale + shift, one value a channel (C,), in double precision."""

    scale: Tensor
    shift: Tensor


class Partly(nn.Module):
    """An activation for the channels in `active`, booleans (C, 1, ...); the others pass as they are."""

    active: Tensor

    def __init__(self, activation: Activation, active: Tensor) -> None:
        super().__init__()
        self.activation = activation
        self.register_buffer("active", active)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.active, self.activation(x), x)


def fold(block: nn.Module) -> nn.Module:
    """A copy of a block in evaluation mode, with a batch norm before the activation folded into its layer.

    Takes a Block, a PrunedUnit, or a layer alone. What has gates, or mixes branches within a channel, stays as it is.
    """
    block = copy.deepcopy(_as_block(block) if isinstance(block, PrunedUnit) else block).eval()
    if isinstance(block, Block) and is_linear(block.layer) and isinstance(block.pre, BatchNorm):
        block.layer, block.pre = after(block.layer, affine_of(block.pre)), nn.Identity()
    return block


def hand_on(block: nn.Module, following: nn.Module) -> nn.Module:
    """Take a batch norm off the end of `block`, in place, and return what follows with it folded in.

    Where there is none, or either of them does not allow it, both stay as they are. Between the two there may be what
    commutes with it: a mean over positions, dropout in evaluation mode.
    """
    if not isinstance(block, Block) or not isinstance(block.post, BatchNorm) or block.shortcut is not None:
        return following
    affine = affine_of(block.post)
    if is_linear(following) and not _pads(following):
        block.post = nn.Identity()
        return before(following, affine)
    if isinstance(following, Block):
        layers = [layer for layer in (following.layer, following.shortcut) if layer is not None]
        if all(is_linear(layer) and not _pads(layer) for layer in layers):
            block.post = nn.Identity()
            following.layer = before(following.layer, affine)
            following.shortcut = following.shortcut and before(following.shortcut, affine)
    return following


def is_linear(layer: nn.Module) -> bool:
    """Whether `before` and `after` know it: a weight of the shape (out, in, *)."""
    if isinstance(layer, _ConvNd):
        return not isinstance(layer, _ConvTransposeNd) and layer.groups == 1
    return type(layer) is nn.Linear


def after(layer: nn.Module, affine: Affine) -> nn.Module:
    """affine(layer(x)) as one layer."""
    weight, bias = _weights(layer)
    scale = affine.scale.view(-1, *[1] * (weight.dim() - 1))
    return _with(layer, weight * scale, bias * affine.scale + affine.shift)


def before(layer: nn.Module, affine: Affine) -> nn.Module:
    """layer(affine(x)) as one layer, if that does not pad."""
    weight, bias = _weights(layer)
    shape = (1, -1, *[1] * (weight.dim() - 2))
    moved = (weight * affine.shift.view(shape)).flatten(1).sum(dim=1)
    return _with(layer, weight * affine.scale.view(shape), bias + moved)


def affine_of(norm: BatchNorm) -> Affine:
    """What a batch norm does in evaluation mode."""
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    weight, bias, mean, var = (tensor.detach().double() for tensor in tensors)
    scale = weight / (var + norm.eps).sqrt()
    return Affine(scale, bias - mean * scale)


def _as_block(unit: PrunedUnit) -> nn.Module:
    """One layer with rows of the unit's layer and of its bypass, as each channel goes; the unit itself, if one goes
    two ways or through layer normalisation, which needs its neighbours, or if gates are left."""
    reach = {name: channels.to(next(unit.parameters()).device) for name, channels in unit.ways.reach.items()}
    shares = unit.shares
    is_decided = all(
        gate in shares and bool(((shares[gate] == 0) | (shares[gate] == 1) | ~reach[gate]).all())
        for gate in unit.ways.mixed
    )
    parts: Any = unit  # its branches are there by the names in `reach`
    if not is_decided or "ln" in reach or not is_linear(parts.layer):
        return unit
    block = Block(parts.layer, "no_norm", unit.activation)
    if "bn_before_activation" in reach:
        normalised = after(parts.layer, affine_of(parts.bn_before_activation))
        block.layer = _choose(reach["bn_before_activation"], normalised, parts.layer)
    if not reach["processed"].all():
        block.layer = _choose(reach["processed"], block.layer, parts.bypass)
        active = reach["processed"].view(-1, *[1] * (-1 - unit.channel_axis))
        block.activation = Partly(unit.activation, active)
    if "bn_after_activation" in reach:
        block.post = _only(reach["bn_after_activation"], parts.bn_after_activation)
    if "with_residual" in reach:
        zeros = parts.bypass.weight.new_zeros(unit.num_channels, dtype=torch.float64)
        nothing = Affine(zeros, zeros)
        block.shortcut = _choose(reach["with_residual"], parts.bypass, after(parts.bypass, nothing))
    return block


def _only(channels: Tensor, norm: BatchNorm) -> BatchNorm:
    """`norm` for some channels; one that changes nothing for the others."""
    norm = copy.deepcopy(norm)
    with torch.no_grad():
        norm.running_mean[~channels] = 0
        norm.running_var[~channels] = 1 - norm.eps
        norm.weight[~channels] = 1
        norm.bias[~channels] = 0
    return norm


def _choose(channels: Tensor, when_true: Any, when_false: Any) -> nn.Module:
    """One layer that computes some channels as one layer does, and the others as another."""
    (weight, bias), (other_weight, other_bias) = _weights(when_true), _weights(when_false)
    rows = channels.view(-1, *[1] * (weight.dim() - 1))
    return _with(when_true, torch.where(rows, weight, other_weight), torch.where(channels, bias, other_bias))


def _weights(layer: Any) -> tuple[Tensor, Tensor]:
    weight = layer.weight.detach().double()
    return weight, weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().double()


def _with(layer: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    """A layer like `layer` with these weights."""
    changed: Any = copy.deepcopy(layer)
    like = changed.weight.detach()
    changed.weight = nn.Parameter(torch.empty_like(like).copy_(weight))
    changed.bias = nn.Parameter(bias.to(like))
    return changed  # type: ignore[no-any-return]


def _pads(layer: Any) -> bool:
    """Whether there are values around its input that are not of it; `padding` may be a word."""
    padding = getattr(layer, "padding", 0)
    return padding != "valid" and padding not in (0, (0,) * (layer.weight.dim() - 2))
