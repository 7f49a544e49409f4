"""The space `gemm`: tile sizes of a matrix product (Zhang et al. 2019), see docs/method/gemm.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mgu.errors import UserError
from mgu.isolation import MEASURE_GEMM
from mgu.search.parameters.factors import Factors
from mgu.search.space import Point, Space
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.settings import whole

MOST_SUMS = 512  # of an innermost tile, which should fit the registers; a larger one is not tried
LARGEST = 8192
PARTS = {"m": (2, 4), "k": (2, 2), "n": (2, 4)}  # fewest and most factors that the kernel has loops for


@dataclass(frozen=True)
class GemmSpace(Space):
    """Holds the ways to write m, k and n as products of tile sizes, from the outermost loop to the innermost."""

    @property
    def measure(self) -> str:
        """The function that measures a point."""
        return MEASURE_GEMM

    @property
    def tells(self) -> frozenset[str]:
        """What is measured beside it."""
        return frozenset({"cpu_seconds"})

    @property
    def unit(self) -> str:
        """Billions of operations a second: two for each product of two numbers."""
        return "GFLOP/s"

    @property
    def start(self) -> Point:
        """The untiled product, in which a whole dimension is in its outermost loop."""
        return self.canonical({})

    def reward(self, score: float) -> float:
        """Returns the logarithm: a tenth faster is worth the same everywhere."""
        return math.log(score)

    def is_legal(self, point: Mapping[str, Any]) -> bool:
        """Returns whether the sums of the innermost tile are few enough."""
        return bool(point["m"][-1] * point["n"][-1] <= MOST_SUMS)


def build_gemm(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds the space.

    Args:
        settings: `space.*`: m, k, n and parts, the number of factors of each.
        context: Not used.

    Returns:
        The space.

    Raises:
        UserError: A size or a number of factors is not as it must be.
    """
    sizes = {name: whole(settings, name, 1, 256) for name in PARTS}
    parts = settings.get("parts", [4, 2, 4])
    for name, size in sizes.items():
        if size > LARGEST:
            raise UserError(f"space.{name} must be at most {LARGEST:,}, but got {size:,}. Pass space.{name}=512.")
    is_list = isinstance(parts, list) and len(parts) == len(PARTS) and all(type(number) is int for number in parts)
    if not is_list or not all(low <= number <= high for number, (low, high) in zip(parts, PARTS.values(), strict=True)):
        raise UserError(
            f"space.parts must be the numbers of factors of m, k and n, 2 to 4, 2, and 2 to 4, but got {parts!r}. "
            "Pass space.parts=[4,2,4]."
        )
    shape = "x".join(str(size) for size in dict.fromkeys(sizes.values()))
    factors = tuple(Factors(name, sizes[name], number) for name, number in zip(PARTS, parts, strict=True))
    return GemmSpace(f"{settings.get('name', 'gemm')}_{shape}", factors)
