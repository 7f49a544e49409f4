"""Choices: parameters that list their values, without an order or with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mgu.search.parameters.condition import Condition


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
        return [float(choice == value) for choice in self.choices]

    def neighbours(self, value: Any) -> list[Any]:
        """Returns all other choices."""
        return [choice for choice in self.choices if choice != value]

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
        index = self.choices.index(value)
        return [self.choices[neighbour] for neighbour in (index - 1, index + 1) if 0 <= neighbour < self.size]

    def read(self, value: Any) -> Any:
        """Returns a value that was written as JSON; raises ValueError for one that is none of the parameter's."""
        return _one_of(self.choices, value)


def _one_of(choices: Sequence[Any], value: Any) -> Any:
    value = tuple(value) if isinstance(value, list) else value
    for choice in choices:
        if choice == value and type(choice) is type(value):
            return choice
    raise ValueError(f"{value!r} is none of {', '.join(map(str, choices))}")
