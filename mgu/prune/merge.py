"""A pruned unit whose channels go different ways, as one layer, of which each channel has the row that it goes by."""

from __future__ import annotations

import copy
import math
from typing import Any, cast

import torch
from torch import Tensor, nn

from mgu.layers.activation import Activation
from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.prune.affine import Affine, affine_of, after, is_linear, weights_of, with_weights
from mgu.prune.pruned_unit import PrunedUnit


class Partly(nn.Module):
    """An activation for the channels in `active`, booleans (C, 1, ...); the others pass as they are."""

    active: Tensor

    def __init__(self, activation: Activation, active: Tensor) -> None:
        super().__init__()
        self.activation = activation
        self.register_buffer("active", active)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.active, self.activation(x), x)


class Some(nn.Module):
    """What a bypass gives to the channels in `taken`, booleans (C, 1, ...); zeros for the others."""

    taken: Tensor

    def __init__(self, bypass: nn.Module, taken: Tensor) -> None:
        super().__init__()
        self.bypass = bypass
        self.register_buffer("taken", taken)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bypass(x) * self.taken
        return out


def as_block(unit: PrunedUnit) -> nn.Module:
    """One layer with rows of the unit's layer and of its bypass, as each channel goes; the unit itself, if one goes
    two ways or through layer normalisation, which needs its neighbours, or if gates are left.
    """
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
    mask = {name: taken.view(-1, *[1] * (-1 - unit.channel_axis)) for name, taken in reach.items()}  # (C, 1, 1)
    if "bn_before_activation" in reach:
        normalised = after(parts.layer, affine_of(parts.bn_before_activation))
        block.layer = _choose(reach["bn_before_activation"], normalised, parts.layer)
    if not reach["processed"].all():
        block.layer = _choose(reach["processed"], block.layer, as_layer(parts.bypass, parts.layer))
        block.activation = Partly(unit.activation, mask["processed"])
    if "bn_after_activation" in reach:
        block.post = _only(reach["bn_after_activation"], parts.bn_after_activation)
    if "with_residual" in reach:
        block.shortcut = _shortcut(parts.bypass, mask["with_residual"])
    return block


def _shortcut(bypass: nn.Module, taken: Tensor) -> nn.Module:
    """Of the channels in `taken` (C, 1, ...): a layer with rows of zeros, or a bypass that is none, masked, for as a
    layer it would cost one.
    """
    if taken.all():
        return bypass
    if not is_linear(bypass):
        return Some(bypass, taken)
    zeros = torch.zeros(len(taken), dtype=torch.float64, device=taken.device)
    return _choose(taken.flatten(), bypass, after(bypass, Affine(zeros, zeros)))


def as_layer(bypass: nn.Module, layer: Any) -> Any:
    """What a bypass computes in evaluation mode, as a layer of the geometry of the one that it goes past.

    The input itself is a kernel of zeros with a one at its centre; means over windows are a kernel of equal weights.
    """
    if is_linear(bypass):
        return bypass
    weight = torch.zeros_like(layer.weight, dtype=torch.float64)
    bias = weight.new_zeros(len(weight))
    if isinstance(bypass, nn.Sequential):
        pointwise, norm = cast(tuple[nn.Conv2d, BatchNorm], tuple(bypass[1:]))  # after the means
        weight += pointwise.weight.detach().double() / math.prod(weight.shape[2:])
        return after(with_weights(layer, weight, bias), affine_of(norm))
    centre = [(size - 1) // 2 for size in weight.shape[2:]]
    for channel in range(weight.shape[1]):
        weight[(channel, channel, *centre)] = 1
    return with_weights(layer, weight, bias)


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
    (weight, bias), (other_weight, other_bias) = weights_of(when_true), weights_of(when_false)
    rows = channels.view(-1, *[1] * (weight.dim() - 1))
    return with_weights(when_true, torch.where(rows, weight, other_weight), torch.where(channels, bias, other_bias))
