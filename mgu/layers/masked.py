"""Dense layers with a static random mask: sparse networks as Tessera and Rosman (2019) searched them.

The density of a weight matrix is the share of its weights that are active. https://www.kaleabtessera.com
Masked products are computed as dense ones, so a sparse layer is neither faster nor cheaper to train than a full one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MaskedLinear(nn.Linear):
    """Computes x (W * M) + b with a mask M of ones and zeros that is drawn once.

    A masked weight starts at 0 and has no gradient, so that it stays exactly 0. A copy of the layer, such as the
    residual or a gate of a unit, has the same mask. The weights are drawn from torch's generator, all of them, so that
    it is left as an unmasked layer leaves it.

    Args:
        in_features: Features of the input.
        out_features: Features of the output.
        mask: The mask.
        scale_init: Whether the fans of the initial weights count the active weights only.

    Shape:
        mask: (out_features, in_features); x: (*, in_features); returns (*, out_features).
    """

    mask: Tensor

    def __init__(self, in_features: int, out_features: int, mask: Tensor, scale_init: bool = True) -> None:
        self.scale_init = scale_init
        self.num_active = int(mask.count_nonzero()) if not mask.is_meta else None
        super().__init__(in_features, out_features)  # calls reset_parameters, for which there is no mask yet
        self.register_buffer("mask", mask.to(self.weight.device), persistent=False)  # the seed tells it
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws glorot-uniform active weights, fans scaled by the density, and sets the others and the bias to 0."""
        if "mask" not in self._buffers:
            super().reset_parameters()  # which draws as many numbers as a dense layer does
            return
        density = 1.0 if self.num_active is None else self.num_active / self.mask.numel()
        nn.init.xavier_uniform_(self.weight, 1 / math.sqrt(density) if self.scale_init and density else 1.0)
        with torch.no_grad():
            self.weight.mul_(self.mask)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)

    @property
    def num_masked(self) -> int:
        """Number of weights that the mask keeps at 0."""
        return 0 if self.num_active is None else self.mask.numel() - self.num_active


@runtime_checkable
class Masked(Protocol):
    """Has weights that a mask keeps at 0."""

    @property
    def num_masked(self) -> int:
        """Their number."""
        ...


def count_ones(density: float, in_features: int, out_features: int) -> int:
    """Returns the number of active weights of a matrix.

    Args:
        density: Share of the weights that are active, in 0..1.
        in_features: Features of the input.
        out_features: Features of the output.

    Returns:
        The density times the size of the matrix, rounded to the nearest whole number.
    """
    return round(density * in_features * out_features)


def draw_mask(in_features: int, out_features: int, density: float, seed: Sequence[int]) -> Tensor:
    """Draws a mask uniformly among those with exactly round(density * in_features * out_features) ones.

    Args:
        in_features: Features of the input.
        out_features: Features of the output.
        density: Share of ones, from 0 to 1.
        seed: Numbers that seed a stream of its own: weights and shuffling stay as without a mask.

    Shape:
        Returns (out_features, in_features).

    Returns:
        The mask of booleans in main memory, also where the network is built on `meta`: its ones are counted.
    """
    size, ones = in_features * out_features, count_ones(density, in_features, out_features)
    mask = np.zeros(size, dtype=bool)
    mask[np.random.default_rng(list(seed)).permutation(size)[:ones]] = True
    return torch.as_tensor(mask.reshape(out_features, in_features), device="cpu")


def count_dead(masks: Sequence[Tensor]) -> int:
    """Counts the hidden units that no active weight leads to, or that none leaves.

    Args:
        masks: The masks of consecutive layers, the read-out's included.

    Shape:
        masks: (C', C) each, with C' that is C of the next.

    Returns:
        The number, over all hidden layers.
    """
    return sum(int((~before.any(dim=1) | ~after.any(dim=0)).sum()) for before, after in pairwise(masks))


def count_masked(model: nn.Module) -> int:
    """Returns the number of weights that masks keep at 0.

    Args:
        model: The network.

    Returns:
        Their number.
    """
    return sum(module.num_masked for module in model.modules() if isinstance(module, Masked))
