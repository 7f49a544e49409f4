"""Conditions: when a parameter of a search space is active."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
