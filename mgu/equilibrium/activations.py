"""Activations inside of an equilibrium: with their slopes, and the convex functions that they are the maps of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.equilibrium.names import refuse_activation

LEAK = 0.01  # slope of leaky ReLU below 0, as in torch


class Inner(NamedTuple):
    """Holds an activation that is the proximal operator of a convex function h.

    Attributes:
        function: The activation s, elementwise.
        slope: From the values before and after the activation, s' in [0, 1].
        potential: From u, h(u) + u^2 / 2, whose derivative is the inverse of s; None where it has no closed form.
    """

    function: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    potential: Callable[[Tensor], Tensor] | None


def _half_square(u: Tensor) -> Tensor:
    return u * u / 2


def _xlogx(x: Tensor) -> Tensor:
    product: Tensor = torch.special.xlogy(x, x)
    return product


INNER: dict[str, Inner] = {
    "relu": Inner(F.relu, lambda before, after: (after > 0).to(after), _half_square),
    "leaky_relu": Inner(
        F.leaky_relu,
        lambda before, after: torch.where(before > 0, 1.0, LEAK).to(after),
        lambda u: torch.where(u >= 0, _half_square(u), _half_square(u) / LEAK),
    ),
    "elu": Inner(
        F.elu,
        lambda before, after: after.clamp(max=0) + 1,
        lambda u: torch.where(u >= 0, _half_square(u), _xlogx(1 + u.clamp(max=0)) - u.clamp(max=0)),
    ),
    "softplus": Inner(F.softplus, lambda before, after: torch.sigmoid(before), None),  # a dilogarithm
    "tanh": Inner(
        torch.tanh,
        lambda before, after: 1 - after * after,
        lambda u: (_xlogx(1 + u) + _xlogx(1 - u)) / 2,
    ),
    "sigmoid": Inner(
        torch.sigmoid,
        lambda before, after: after * (1 - after),
        lambda u: _xlogx(u) + _xlogx(1 - u),
    ),
}


def find_inner(name: str) -> Inner:
    """Returns the activation of a name.

    Args:
        name: One of `INNER_ACTIVATIONS`.

    Returns:
        The activation.

    Raises:
        ValueError: Its slopes leave [0, 1], or it is unknown.
    """
    if name not in INNER:
        raise ValueError(f"inner_activation {refuse_activation(name)}")
    return INNER[name]
