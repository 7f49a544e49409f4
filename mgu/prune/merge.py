"""Merging of a pruned unit whose channels take different branches into one layer with a row for each channel."""

from __future__ import annotations

import copy
import math
from typing import Any, cast

import torch
from torch import Tensor, nn

from mgu.layers.activation import Activation
from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.prune.affine import Affine, affine_of_norm, fold_after, is_linear, weights_of, with_weights
from mgu.prune.pruned_unit import PrunedUnit


class PartialActivation(nn.Module):
    """Applies an activation to some channels and leaves the others as they are.

    Args:
        activation: The activation.
        active: Booleans (C, 1, ...), true for the channels that it applies to.

    Shape:
        x: (B, C, *); returns (B, C, *).
    """

    active: Tensor

    def __init__(self, activation: Activation, active: Tensor) -> None:
        super().__init__()
        self.activation = activation
        self.register_buffer("active", active)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(self.active, self.activation(x), x)


class MaskedBypass(nn.Module):
    """Computes a bypass for some channels and zeros for the others.

    Args:
        bypass: The bypass.
        taken: Booleans (C, 1, ...), true for the channels that it is computed for.

    Shape:
        x: the input of the bypass; returns (B, C, *).
    """

    taken: Tensor

    def __init__(self, bypass: nn.Module, taken: Tensor) -> None:
        super().__init__()
        self.bypass = bypass
        self.register_buffer("taken", taken)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bypass(x) * self.taken
        return out


def merge_to_block(unit: PrunedUnit) -> nn.Module:
    """Merges a pruned unit into one layer with rows of the unit's layer and of its bypass, one for each channel.

    Returns the unit itself if gates are left, or if a channel mixes two branches or uses layer normalisation, which
    needs all channels.
    """
    reach = {name: channels.to(next(unit.parameters()).device) for name, channels in unit.active.reach.items()}
    shares = unit.shares
    is_decided = all(
        gate in shares and bool(((shares[gate] == 0) | (shares[gate] == 1) | ~reach[gate]).all())
        for gate in unit.active.mixed
    )
    parts: Any = unit  # has its branches as attributes, by the names in `reach`
    if not is_decided or "ln" in reach or not is_linear(parts.layer):
        return unit
    block = Block(parts.layer, "no_norm", unit.activation)
    mask = {name: taken.view(-1, *[1] * (-1 - unit.channel_axis)) for name, taken in reach.items()}  # (C, 1, 1)
    if "bn_before_activation" in reach:
        normalised = fold_after(parts.layer, affine_of_norm(parts.bn_before_activation))
        block.layer = _choose(reach["bn_before_activation"], normalised, parts.layer)
    if not reach["processed"].all():
        block.layer = _choose(reach["processed"], block.layer, bypass_to_layer(parts.bypass, parts.layer))
        block.activation = PartialActivation(unit.activation, mask["processed"])
    if "bn_after_activation" in reach:
        block.post = _only(reach["bn_after_activation"], parts.bn_after_activation)
    if "with_residual" in reach:
        block.shortcut = _shortcut(parts.bypass, mask["with_residual"])
    return block


def _shortcut(bypass: nn.Module, taken: Tensor) -> nn.Module:
    """Returns the bypass for the channels in `taken` (C, 1, ...): a layer with rows of zeros for the other channels.

    A bypass that is no layer is masked, because as a layer it would cost more.
    """
    if taken.all():
        return bypass
    if not is_linear(bypass):
        return MaskedBypass(bypass, taken)
    zeros = torch.zeros(len(taken), dtype=torch.float64, device=taken.device)
    return _choose(taken.flatten(), bypass, fold_after(bypass, Affine(zeros, zeros)))


def bypass_to_layer(bypass: nn.Module, layer: Any) -> Any:
    """Converts a bypass in evaluation mode to a layer with the geometry of the layer that it bypasses.

    The identity is a kernel of zeros with a one at its centre; means over windows are a kernel of equal weights.
    """
    if is_linear(bypass):
        return bypass
    weight = torch.zeros_like(layer.weight, dtype=torch.float64)
    bias = weight.new_zeros(len(weight))
    if isinstance(bypass, nn.Sequential):
        pointwise, norm = cast(tuple[nn.Conv2d, BatchNorm], tuple(bypass[1:]))  # after the means
        weight += pointwise.weight.detach().double() / math.prod(weight.shape[2:])
        return fold_after(with_weights(layer, weight, bias), affine_of_norm(norm))
    centre = [(size - 1) // 2 for size in weight.shape[2:]]
    for channel in range(weight.shape[1]):
        weight[(channel, channel, *centre)] = 1
    return with_weights(layer, weight, bias)


def _only(channels: Tensor, norm: BatchNorm) -> BatchNorm:
    """Returns a batch norm that is `norm` for some channels and the identity for the others."""
    norm = copy.deepcopy(norm)
    with torch.no_grad():
        norm.running_mean[~channels] = 0
        norm.running_var[~channels] = 1 - norm.eps
        norm.weight[~channels] = 1
        norm.bias[~channels] = 0
    return norm


def _choose(channels: Tensor, when_true: Any, when_false: Any) -> nn.Module:
    """Returns a layer that computes some channels as one layer does, and the others as another does."""
    (weight, bias), (other_weight, other_bias) = weights_of(when_true), weights_of(when_false)
    rows = channels.view(-1, *[1] * (weight.dim() - 1))
    return with_weights(when_true, torch.where(rows, weight, other_weight), torch.where(channels, bias, other_bias))
