"""Removal of weak connections after each epoch (Farinha et al. 2020).

A connection with |W_ij| <= tolerance is removed with probability exp(-|W_ij| / T) / sum_i exp(-|W_ij| / T), the sum
over all that could lead to j, forbidden ones included. As published, nothing keeps it at 0 afterwards: it grows again.
`permanent` removes it for good, by the mask, which checkpoints hold.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.directed.names import Mode
from mgu.directed.network import DirectedNetwork


class Sparsify(NamedTuple):
    """Holds how weak connections are removed.

    Attributes:
        mode: none, published or permanent.
        tolerance: Largest |W_ij| of a weak connection.
        temperature: T.
    """

    mode: Mode = "none"
    tolerance: float = 0.01
    temperature: float = 5.0


@torch.no_grad()
def sparsify(model: DirectedNetwork, settings: Sparsify) -> None:
    """Removes weak connections at random, by torch's generator.

    Args:
        model: The network, whose weights change, and whose mask does where removal is permanent.
        settings: How.
    """
    if settings.mode == "none":
        return
    is_weak = (model.weight.abs() <= settings.tolerance) & (model.mask != 0)
    chances = probabilities(model.weight, settings.temperature)
    removed = is_weak & (torch.rand_like(chances) < chances)
    model.weight.masked_fill_(removed, 0.0)
    if settings.mode == "permanent":
        model.mask.masked_fill_(removed, 0.0)


def probabilities(weight: Tensor, temperature: float) -> Tensor:
    """Returns the probability with which a weak connection is removed; over each column they add up to 1."""
    return torch.softmax(-weight.abs() / temperature, dim=0)
