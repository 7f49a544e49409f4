"""Parameters of a search space: what a strategy can draw, encode as numbers, and change by one step.

Random numbers come from `random.Random`, whose stream is the same on every machine and version of Python.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

STEP = 0.05  # of the unit interval: how far the neighbours of a number of many values are


@dataclass(frozen=True)
class Condition:
    """Says when a parameter is active: while another one has one of some values.

    Attributes:
        name: The other parameter, which stands before this one in its space.
        values: Its values.
    """

    name: str
    values: tuple[Any, ...]

    def holds(self, point: Mapping[str, Any]) -> bool:
        """Returns whether the other parameter is active and has one of the values."""
        return self.name in point and point[self.name] in self.values


@dataclass(frozen=True)
class Categorical:
    """Describes a choice without an order, encoded as one number for each choice, of which one is 1.

    Attributes:
        name: Its name, which is the key or the group that it sets.
        choices: The values.
        when: When it is active; None: always.
    """

    name: str
    choices: tuple[Any, ...]
    when: Condition | None = None

    @property
    def size(self) -> int:
        return len(self.choices)

    @property
    def default(self) -> Any:
        return self.choices[0]

    @property
    def values(self) -> Sequence[Any]:
        return self.choices

    def sample(self, generator: Random) -> Any:
        """Draws a choice."""
        return self.choices[generator.randrange(self.size)]

    def encode(self, value: Any) -> list[float]:
        """Returns the value as numbers in 0..1."""
        return [float(own == value) for own in self.choices]

    def neighbours(self, value: Any) -> list[Any]:
        """Returns all other choices."""
        return [own for own in self.choices if own != value]

    def read(self, value: Any) -> Any:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        return _one_of(self.choices, value)


@dataclass(frozen=True)
class Ordinal:
    """Describes a choice with an order, whose neighbours are the next ones; encoded by its place.

    Attributes:
        name: Its name, which is the key that it sets.
        choices: The values in their order.
        when: When it is active; None: always.
    """

    name: str
    choices: tuple[Any, ...]
    when: Condition | None = None

    @property
    def size(self) -> int:
        return len(self.choices)

    @property
    def default(self) -> Any:
        return self.choices[(self.size - 1) // 2]

    @property
    def values(self) -> Sequence[Any]:
        return self.choices

    def sample(self, generator: Random) -> Any:
        """Draws a choice."""
        return self.choices[generator.randrange(self.size)]

    def encode(self, value: Any) -> list[float]:
        """Returns the value as numbers in 0..1."""
        return [self.choices.index(value) / max(self.size - 1, 1)]

    def decode(self, at: float) -> Any:
        """Returns the value that a number in 0..1 is nearest to."""
        return self.choices[round(at * (self.size - 1))]

    def neighbours(self, value: Any) -> list[Any]:
        """Returns the choices before and after."""
        place = self.choices.index(value)
        return [self.choices[own] for own in (place - 1, place + 1) if 0 <= own < self.size]

    def read(self, value: Any) -> Any:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        return _one_of(self.choices, value)


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
        return [own for own in steps if self.low <= own <= self.high]

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
        return _from_unit(0.5, self.low, self.high, self.log)

    @property
    def values(self) -> Sequence[float]:
        """The only value; there is no list of infinitely many."""
        if self.low != self.high:
            raise ValueError(f"{self.name} has no list of values")
        return (self.low,)

    def sample(self, generator: Random) -> float:
        """Draws a number of six digits, which people can read and type."""
        value = float(f"{_from_unit(generator.random(), self.low, self.high, self.log):.6g}")
        return min(max(value, self.low), self.high)

    def encode(self, value: float) -> list[float]:
        """Returns the value as a number in 0..1."""
        return [_to_unit(value, self.low, self.high, self.log)]

    def decode(self, at: float) -> float:
        """Returns the value of a number in 0..1."""
        return _from_unit(at, self.low, self.high, self.log)

    def neighbours(self, value: float) -> list[float]:
        """Returns the numbers a twentieth of the range below and above."""
        [at] = self.encode(value)
        steps = [_from_unit(at + step, self.low, self.high, self.log) for step in (-STEP, STEP)]
        return [own for own in steps if own != value]

    def read(self, value: Any) -> float:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        if isinstance(value, int | float) and self.low <= value <= self.high:
            return float(value)
        raise ValueError(f"{value!r} is not from {self.low} to {self.high}")


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
        found = [(1,) * self.parts]
        for prime, power in prime_powers(self.product).items():
            splits = _splits(power, self.parts)
            found = [
                tuple(own * prime**part for own, part in zip(value, split, strict=True))
                for value in found
                for split in splits
            ]
        return found

    def sample(self, generator: Random) -> tuple[int, ...]:
        """Draws factors, all with the same probability: for each prime, bars among its powers."""
        value = [1] * self.parts
        for prime, power in prime_powers(self.product).items():
            bars = sorted(generator.sample(range(power + self.parts - 1), self.parts - 1))
            ends = [-1, *bars, power + self.parts - 1]
            for place in range(self.parts):
                value[place] *= prime ** (ends[place + 1] - ends[place] - 1)
        return tuple(value)

    def encode(self, value: Sequence[int]) -> list[float]:
        """Returns the logarithm of each factor as a share of that of the product."""
        whole = math.log(self.product) or 1.0
        return [math.log(own) / whole for own in value]

    def neighbours(self, value: Sequence[int]) -> list[tuple[int, ...]]:
        """Returns the values that differ in the place of one prime factor."""
        found = []
        for prime in prime_powers(self.product):
            for source in range(self.parts):
                for target in range(self.parts):
                    if source != target and value[source] % prime == 0:
                        moved = list(value)
                        moved[source] //= prime
                        moved[target] *= prime
                        found.append(tuple(moved))
        return found

    def read(self, value: Any) -> tuple[int, ...]:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        if isinstance(value, list | tuple) and len(value) == self.parts and math.prod(value) == self.product:
            return tuple(int(own) for own in value)
        raise ValueError(f"{value!r} is no product of {self.parts} factors that is {self.product}")


Parameter = Categorical | Ordinal | Int | Float | Factors


def prime_powers(number: int) -> dict[int, int]:
    """Returns the power of each prime of a whole number, the smallest prime first."""
    found: dict[int, int] = {}
    prime = 2
    while prime * prime <= number:
        while number % prime == 0:
            found[prime] = found.get(prime, 0) + 1
            number //= prime
        prime += 1
    return found | ({number: found.get(number, 0) + 1} if number > 1 else {})


def _splits(power: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(power,)]
    return [(first, *rest) for first in range(power, -1, -1) for rest in _splits(power - first, parts - 1)]


def _one_of(choices: Sequence[Any], value: Any) -> Any:
    value = tuple(value) if isinstance(value, list) else value
    for own in choices:
        if own == value and type(own) is type(value):
            return own
    raise ValueError(f"{value!r} is none of {', '.join(map(str, choices))}")


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
