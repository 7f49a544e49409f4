"""Products: whole numbers as ordered factors, drawn and changed by their primes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mgu.search.parameters.condition import Condition


@dataclass(frozen=True)
class Factors:
    """Describes a whole number written as a product of ordered factors, such as the sizes of nested tiles.

    Attributes:
        name: Its name.
        product: The number.
        parts: Number of factors.
        when: When it is active; None: always.
    """

    name: str
    product: int
    parts: int
    when: Condition | None = None

    @property
    def size(self) -> int:
        powers = prime_powers(self.product).values()
        return math.prod(math.comb(power + self.parts - 1, self.parts - 1) for power in powers)

    @property
    def default(self) -> tuple[int, ...]:
        return (self.product, *[1] * (self.parts - 1))

    @property
    def values(self) -> Sequence[tuple[int, ...]]:
        values = [(1,) * self.parts]
        for prime, power in prime_powers(self.product).items():
            splits = _splits(power, self.parts)
            values = [
                tuple(factor * prime**part for factor, part in zip(value, split, strict=True))
                for value in values
                for split in splits
            ]
        return values

    def sample(self, generator: Random) -> tuple[int, ...]:
        """Draws factors, all with the same probability: for each prime, bars among its powers."""
        value = [1] * self.parts
        for prime, power in prime_powers(self.product).items():
            bars = sorted(generator.sample(range(power + self.parts - 1), self.parts - 1))
            ends = [-1, *bars, power + self.parts - 1]
            for part in range(self.parts):
                value[part] *= prime ** (ends[part + 1] - ends[part] - 1)
        return tuple(value)

    def encode(self, value: Sequence[int]) -> list[float]:
        """Returns the logarithm of each factor as a share of that of the product."""
        whole = math.log(self.product) or 1.0
        return [math.log(factor) / whole for factor in value]

    @property
    def steps(self) -> list[tuple[int, int, int]]:
        """The steps to neighbours: a prime, and the places of the factors that lose and gain it."""
        parts = range(self.parts)
        primes = prime_powers(self.product)
        return [(prime, source, target) for prime in primes for source in parts for target in parts
                if source != target]  # fmt: skip

    def move(self, value: Sequence[int], step: tuple[int, int, int]) -> tuple[int, ...] | None:
        """Returns the value after a step; None where the factor that is to lose the prime does not have it."""
        prime, source, target = step
        if value[source] % prime:
            return None
        moved = list(value)
        moved[source] //= prime
        moved[target] *= prime
        return tuple(moved)

    def neighbours(self, value: Sequence[int]) -> list[tuple[int, ...]]:
        """Returns the values that differ in the place of one prime factor."""
        return [moved for step in self.steps if (moved := self.move(value, step)) is not None]

    def read(self, value: Any) -> tuple[int, ...]:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        if isinstance(value, list | tuple) and len(value) == self.parts and math.prod(value) == self.product:
            return tuple(int(factor) for factor in value)
        raise ValueError(f"{value!r} is no product of {self.parts} factors that is {self.product}")


def prime_powers(number: int) -> dict[int, int]:
    """Returns the power of each prime of a whole number, the smallest prime first."""
    powers: dict[int, int] = {}
    prime = 2
    while prime * prime <= number:
        while number % prime == 0:
            powers[prime] = powers.get(prime, 0) + 1
            number //= prime
        prime += 1
    return powers | ({number: powers.get(number, 0) + 1} if number > 1 else {})


def _splits(power: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(power,)]
    return [(first, *rest) for first in range(power, -1, -1) for rest in _splits(power - first, parts - 1)]
