"""Spaces: the points that a search may try, and how a point is said to Hydra."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from mgu.errors import UserError
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.parameter import Parameter
from mgu.text.hydra_quoting import quote

Point = dict[str, Any]  # the value of each active parameter by its name, in the order of the space
Key = tuple[tuple[str, Any], ...]

MOST_DRAWS = 10_000  # until one is legal


@dataclass(frozen=True)
class Space:
    """Holds parameters, some of which are active only while others have certain values.

    A kind of space of its own subclasses it: for `overrides`, `is_legal`, or `measure`.

    Attributes:
        name: Its name, as in space=NAME.
        parameters: A condition names a parameter before its own.
    """

    name: str
    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for parameter in self.parameters:
            if parameter.name in seen:
                raise UserError(
                    f"parameters of a space must have different names, but got {parameter.name} twice. Leave one out."
                )
            if parameter.when and parameter.when.name not in seen:
                raise UserError(
                    f"the condition of {parameter.name} must name a parameter before it, but got "
                    f"{parameter.when.name}. Put that first."
                )
            seen.add(parameter.name)

    @cached_property
    def _always_active(self) -> tuple[str, ...] | None:
        """Names of the parameters where none has a condition."""
        if any(parameter.when for parameter in self.parameters):
            return None
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def measure(self) -> str | None:
        """The function, as "package.module:name", that measures a point; None: a point is a run of mgu-run.

        It is called in a process of its own as function(send, point, seed, settings), where settings are those of
        `measure_settings`, and returns mgu.search.strategy.Measured.
        """
        return None

    @property
    def measure_settings(self) -> Mapping[str, Any]:
        """What `measure` is given beside the point; it is part of the identity of a study."""
        return {}

    @property
    def tells(self) -> frozenset[str]:
        """What `measure` tells beside scores and seconds: of "second", and of the kinds of cost."""
        return frozenset()

    @property
    def unit(self) -> str:
        """The unit of the scores that `measure` gives."""
        return ""

    @property
    def start(self) -> Point | None:
        """Where a search by neighbourhoods begins; None: at a point drawn at random."""
        return None

    def reward(self, score: float) -> float:
        """Returns a score on the scale on which gains are compared: 1% of a time is worth the same everywhere."""
        return score

    @property
    def size(self) -> int | None:
        """Number of points, without regard to `is_legal`; None: infinitely many."""
        return self._count(0, {})

    def _count(self, index: int, point: Point) -> int | None:
        """Counts the points that begin like this one: it branches only where later parameters depend on a value."""
        if index == len(self.parameters):
            return 1
        parameter = self.parameters[index]
        if not is_active(parameter, point):
            return self._count(index + 1, point)
        if parameter.size is None:
            return None
        if not any(other.when and other.when.name == parameter.name for other in self.parameters):
            rest = self._count(index + 1, point)
            return None if rest is None else parameter.size * rest
        total = 0
        for value in parameter.values:
            rest = self._count(index + 1, point | {parameter.name: value})
            if rest is None:
                return None
            total += rest
        return total

    def points(self) -> Iterator[Point]:
        """Yields all legal points of a finite space, the last parameter changing fastest."""

        def extend(index: int, point: Point) -> Iterator[Point]:
            if index == len(self.parameters):
                if self.is_legal(point):
                    yield point
                return
            parameter = self.parameters[index]
            if not is_active(parameter, point):
                yield from extend(index + 1, point)
                return
            for value in parameter.values:
                yield from extend(index + 1, point | {parameter.name: value})

        return extend(0, {})

    def sample(self, generator: Random) -> Point:
        """Draws a legal point: each parameter for itself.

        Args:
            generator: Gives the random numbers.

        Raises:
            UserError: None of many points is legal.
        """
        for _ in range(MOST_DRAWS):
            point = self.canonical({parameter.name: parameter.sample(generator) for parameter in self.parameters})
            if self.is_legal(point):
                return point
        raise UserError(
            f"space={self.name} must have legal points, but none of {MOST_DRAWS:,} drawn ones is. Widen it."
        )

    def canonical(self, point: Mapping[str, Any]) -> Point:
        """Returns the point without the values of inactive parameters, in the order of the parameters.

        Args:
            point: Values by name; an active parameter that it lacks gets its default.
        """
        active: Point = {}
        for parameter in self.parameters:
            if is_active(parameter, active):
                active[parameter.name] = point.get(parameter.name, parameter.default)
        return active

    def read(self, values: Mapping[str, Any]) -> Point:
        """Returns a point that was written as JSON.

        Raises:
            ValueError: It is no point of this space.
        """
        if unknown := values.keys() - {parameter.name for parameter in self.parameters}:
            raise ValueError(f"{', '.join(sorted(unknown))} is no parameter of the space")
        by_name = {parameter.name: parameter for parameter in self.parameters}
        return self.canonical({name: by_name[name].read(value) for name, value in values.items()})

    def key(self, point: Mapping[str, Any]) -> Key:
        """Returns what identifies a point: equal for equal points."""
        if tuple(point) == self._always_active:  # replays of a thousand searches spend most of their time here
            return tuple(point.items())
        return tuple(self.canonical(point).items())

    def neighbours(self, point: Mapping[str, Any]) -> list[Point]:
        """Returns the legal points that differ in one step of one active parameter.

        What becomes active by the step has its default.
        """
        point = self.canonical(point)
        by_key: dict[Key, Point] = {}
        for parameter in self.parameters:
            if parameter.name not in point:
                continue
            for value in parameter.neighbours(point[parameter.name]):
                other = self.canonical(point | {parameter.name: value})
                if self.is_legal(other):
                    by_key.setdefault(tuple(other.items()), other)
        return list(by_key.values())

    def encode(self, point: Mapping[str, Any]) -> list[float]:
        """Returns the point in the unit cube, with a fixed number of dimensions.

        An inactive parameter is encoded as its default.
        """
        parts = (parameter.encode(point.get(parameter.name, parameter.default)) for parameter in self.parameters)
        return list(itertools.chain.from_iterable(parts))

    def is_legal(self, point: Mapping[str, Any]) -> bool:
        """Returns whether the point may be tried; here each may."""
        return True

    def overrides(self, point: Mapping[str, Any]) -> list[str]:
        """Returns the overrides that tell Hydra of a point, as on the command line."""
        return [f"{name}={write_word(value)}" for name, value in point.items()]

    def describe(self) -> dict[str, Any]:
        """Returns what identifies the space, as plain values: for the identity of a study."""
        return {"name": self.name, "parameters": [_describe(parameter) for parameter in self.parameters]}


def some_point(space: Space) -> Point:
    """Returns a legal point, the same one every time.

    Args:
        space: The space.

    Returns:
        The first point of a finite space, one drawn with a fixed seed of any other.
    """
    first = next(space.points(), None) if space.size is not None else None
    return first or space.sample(Random("some point"))


def write_word(value: Any) -> str:
    """Writes a value as Hydra's grammar of overrides reads it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, str):
        is_plain = value.isascii() and value.replace("_", "").isalnum() and not value[0].isdigit()
        return value if is_plain else quote(value)
    if isinstance(value, Sequence):
        return f"[{','.join(map(write_word, value))}]"
    return str(value)


def is_active(parameter: Parameter, point: Mapping[str, Any]) -> bool:
    """Tells whether a parameter is active at a point.

    Args:
        parameter: The parameter.
        point: The values of those before it, at least.

    Returns:
        Whether its condition, if it has one, holds.
    """
    return parameter.when is None or parameter.when.holds(point)


def _describe(parameter: Parameter) -> dict[str, Any]:
    values = {key: value for key, value in vars(parameter).items() if value is not None}
    if isinstance(condition := values.get("when"), Condition):
        values["when"] = {condition.name: list(condition.values)}
    return {"kind": type(parameter).__name__.lower()} | {
        key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
    }
