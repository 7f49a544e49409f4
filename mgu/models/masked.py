"""Networks of dense layers of which some weights are masked: their layers, and the counts that a result has."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.masked import MaskedLinear, count_dead, count_ones, draw_mask
from mgu.models.mlp import MLP, dense


class Sparsity(NamedTuple):
    """Counts what a mask leaves of a network.

    Attributes:
        active_weights: Weights of all matrices that are not masked, without biases.
        dead_units: Hidden units that no active weight leads to, or that none leaves.
    """

    active_weights: int
    dead_units: int


def masked_dense(
    in_features: int, out_features: int, density: float, seed: tuple[int, int], scale_init: bool = True
) -> nn.Linear:
    """Returns a dense layer of a density, glorot-uniform with zero bias; a plain one where all weights are active.

    Args:
        in_features: Features of the input.
        out_features: Features of the output.
        density: Share of active weights.
        seed: Seed of the masks, and the place of the layer among them.
        scale_init: Whether the fans of the initial weights count the active weights only.

    Returns:
        The layer.
    """
    if count_ones(density, in_features, out_features) == in_features * out_features:
        return dense(in_features, out_features)
    mask = draw_mask(in_features, out_features, density, seed)
    return MaskedLinear(in_features, out_features, mask, scale_init)


def measure_sparsity(network: nn.Module) -> Sparsity:
    """Counts active weights, those of gates and residuals too, and dead units, as the layers alone make them.

    Args:
        network: An MLP, or a network that has one as `network`.

    Returns:
        The counts.
    """
    mlp: Any = network if isinstance(network, MLP) else network.network
    layers = [module for module in mlp.modules() if isinstance(module, nn.Linear)]
    chain = [*(block.layer for block in mlp.blocks), mlp.readout]
    return Sparsity(sum(int(_mask_of(layer).sum()) for layer in layers), count_dead([*map(_mask_of, chain)]))


def _mask_of(layer: nn.Linear) -> Tensor:
    return layer.mask if isinstance(layer, MaskedLinear) else torch.ones_like(layer.weight, dtype=torch.bool)
