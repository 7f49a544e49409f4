"""Moves: the steps from a point to its neighbours as a list of the same length at every point, for a policy to choose.

A categorical parameter has a move to each of its choices, one with an order a move down and one up, and a product one
for each prime and each two of its factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mgu.search.parameters.choices import Categorical
from mgu.search.parameters.factors import Factors
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Point, Space


@dataclass(frozen=True)
class Move:
    """Describes one step of one parameter.

    Attributes:
        parameter: The parameter.
        step: The choice; -1 or 1; or one of `Factors.steps`.
    """

    parameter: Parameter
    step: Any

    def apply(self, space: Space, point: Mapping[str, Any]) -> Point | None:
        """Returns the neighbour; None where the step is not possible or not legal."""
        name = self.parameter.name
        if name not in point or (value := self._next(point[name])) is None:
            return None
        other = space.canonical({**point, name: value})
        return other if space.is_legal(other) else None

    def _next(self, value: Any) -> Any:
        if isinstance(self.parameter, Categorical):
            return None if value == self.step else self.step
        if isinstance(self.parameter, Factors):
            return self.parameter.move(value, self.step)
        parameter: Any = self.parameter
        at = parameter.encode(value)
        rises = self.step > 0
        neighbours = parameter.neighbours(value)
        beyond = [neighbour for neighbour in neighbours if (parameter.encode(neighbour) > at) == rises]
        return beyond[0] if beyond else None


def list_moves(space: Space) -> list[Move]:
    """Lists the moves of a space."""
    return [Move(parameter, step) for parameter in space.parameters for step in _steps(parameter)]


def _steps(parameter: Parameter) -> Sequence[Any]:
    if isinstance(parameter, Categorical):
        return parameter.choices
    if isinstance(parameter, Factors):
        return parameter.steps
    return (-1, 1)
