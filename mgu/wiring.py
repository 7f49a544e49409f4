"""The five gates, and the two wirings of the unit: which branch each gate passes open, and which closed.

Seed 001 contradicts itself: its equations (1)-(19) and its code with the printed diagnosis wire three places
differently. Both are kept. Only the place of layer normalisation changes the family of functions; a swapped polarity is
a change of sign in the gate's weights, but it decides what an open gate *means*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Gate = Literal["bn_order", "bn_or_ln", "norm_or_none", "residual", "skip"]
GATES: tuple[Gate, ...] = get_args(Gate)


@dataclass(frozen=True)
class Paths:
    """The two branches of a gate; its result is g * when_open + (1 - g) * when_closed, under the gate's own name."""

    when_open: str
    when_closed: str


@dataclass(frozen=True)
class Wiring:
    """The layer-norm branch is LN(A(L)) if `ln_after_activation`, else A(LN(L)); `paths` go in order of computation."""

    ln_after_activation: bool
    paths: dict[Gate, Paths]


WIRINGS = {
    "equations": Wiring(
        ln_after_activation=False,  # eq. 8
        paths={
            "bn_order": Paths("bn_after_activation", "bn_before_activation"),  # eq. 5
            "bn_or_ln": Paths("bn_order", "ln"),  # eq. 9
            "norm_or_none": Paths("bn_or_ln", "activated"),  # eq. 12
            "residual": Paths("norm_or_none", "with_residual"),  # eq. 16
            "skip": Paths("processed", "bypass"),  # eq. 19
        },
    ),
    "reference": Wiring(
        ln_after_activation=True,
        paths={
            "bn_order": Paths("bn_before_activation", "bn_after_activation"),
            "bn_or_ln": Paths("bn_order", "ln"),
            "norm_or_none": Paths("bn_or_ln", "activated"),
            "residual": Paths("norm_or_none", "with_residual"),
            "skip": Paths("bypass", "processed"),
        },
    ),
}
