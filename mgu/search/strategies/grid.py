"""Grid search: every point of a finite space once, in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from mgu.errors import UserError
from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategy import Trial


class GridStrategy:
    """Asks for all points in the order of the space, the last parameter changing fastest, and learns nothing."""

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        read_options("grid", options, {})
        if space.size is None:
            raise UserError(
                f"search=grid must have a space of finitely many points, but space={space.name} has infinitely many. "
                "Pass search=random."
            )
        self.space = space

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the first points that are not in the history."""
        tried = {self.space.key(trial.point) for trial in history}
        left = (point for point in self.space.points() if self.space.key(point) not in tried)
        return list(islice(left, number))
