"""Numbers between two bounds, evenly drawn themselves or by their logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mgu.search.parameters.condition import Condition

STEP = 0.05  # of the unit interval: how far the neighbours of a number of many values are


@dataclass(frozen=True)
class Int:
    """Describes a whole number.

    Attributes:
        name: Its name, which is the key that it sets.
        low: The smallest value.
        high: The largest value.
        log: Whether its logarithm is drawn evenly, not the number.
        when: When it is active; None: always.
    """

    name: str
    low: int
    high: int
    log: bool = False
    when: Condition | None = None

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    @property
    def default(self) -> int:
        return self.decode(0.5)

    @property
    def values(self) -> Sequence[int]:
        return range(self.low, self.high + 1)

    def sample(self, generator: Random) -> int:
        """Draws a number."""
        if not self.log:
            return generator.randrange(self.low, self.high + 1)
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + (high - low) * generator.random())), self.low), self.high)

    def encode(self, value: int) -> list[float]:
        """Returns the value as a number in 0..1."""
        return [_to_unit(value, self.low, self.high, self.log)]

    def neighbours(self, value: int) -> list[int]:
        """Returns the numbers a twentieth of the range below and above; the next ones where that is the same."""
        [at] = self.encode(value)
        steps = (min(self.decode(at - STEP), value - 1), max(self.decode(at + STEP), value + 1))
        return [step for step in steps if self.low <= step <= self.high]

    def read(self, value: Any) -> int:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        if isinstance(value, int) and self.low <= value <= self.high:
            return value
        raise ValueError(f"{value!r} is not from {self.low} to {self.high}")

    def decode(self, at: float) -> int:
        """Returns the value that a number in 0..1 is nearest to."""
        return round(_from_unit(at, self.low, self.high, self.log))


@dataclass(frozen=True)
class Float:
    """Describes a number.

    Attributes:
        name: Its name, which is the key that it sets.
        low: The smallest value.
        high: The largest value.
        log: Whether its logarithm is drawn evenly, not the number.
        when: When it is active; None: always.
    """

    name: str
    low: float
    high: float
    log: bool = False
    when: Condition | None = None

    @property
    def size(self) -> int | None:
        return 1 if self.low == self.high else None

    @property
    def default(self) -> float:
        return self.decode(0.5)

    @property
    def values(self) -> Sequence[float]:
        """The only value; there is no list of infinitely many."""
        if self.low != self.high:
            raise ValueError(f"{self.name} has no list of values")
        return (self.low,)

    def sample(self, generator: Random) -> float:
        """Draws a number."""
        return self.decode(generator.random())

    def encode(self, value: float) -> list[float]:
        """Returns the value as a number in 0..1."""
        return [_to_unit(value, self.low, self.high, self.log)]

    def decode(self, at: float) -> float:
        """Returns the value of a number in 0..1, to six digits, which people can read and type."""
        return min(max(float(f"{_from_unit(at, self.low, self.high, self.log):.6g}"), self.low), self.high)

    def neighbours(self, value: float) -> list[float]:
        """Returns the next twentieths of the range, below and above the one that is nearest.

        Not a twentieth from the value: a step up and one down would end beside it by what rounding makes of them, at
        what would be a new point.
        """
        [at] = self.encode(value)
        nearest = round(at / STEP)
        steps = [self.decode(number * STEP) for number in (nearest - 1, nearest + 1) if 0 <= number * STEP <= 1 + 1e-9]
        return [step for step in steps if step != value]

    def read(self, value: Any) -> float:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        if isinstance(value, int | float) and self.low <= value <= self.high:
            return float(value)
        raise ValueError(f"{value!r} is not from {self.low} to {self.high}")


def _to_unit(value: float, low: float, high: float, log: bool) -> float:
    if low == high:
        return 0.5
    if log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return (value - low) / (high - low)


def _from_unit(at: float, low: float, high: float, log: bool) -> float:
    at = min(max(at, 0.0), 1.0)
    value = math.exp(math.log(low) + at * math.log(high / low)) if log else low + at * (high - low)
    return min(max(value, low), high)
