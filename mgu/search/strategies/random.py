"""Random search: points drawn from the space, each for itself (Bergstra and Bengio 2012).

https://jmlr.org/papers/v13/bergstra12a.html. A finite space is drawn from without replacement, so that the order in
which its points come is a random one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategy import Trial, generator_for

MOST_LISTED = 10_000  # points of a space that are shuffled as a list


class RandomStrategy:
    """Draws every point independently of the results."""

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        read_options("random", options, {})
        self.space, self.seed = space, seed
        self._order: list[Point] | None = None
        if space.size is not None and space.size <= MOST_LISTED:
            self._order = list(space.points())
            generator_for(seed, 0, "order").shuffle(self._order)

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns points that are not in the history."""
        tried = {self.space.key(trial.point) for trial in history}
        if self._order is not None:
            return [point for point in self._order if self.space.key(point) not in tried][:number]
        points: list[Point] = []
        generator = generator_for(self.seed, len(history))
        for _ in range(100 * number):
            point = self.space.sample(generator)
            if (key := self.space.key(point)) not in tried:
                tried.add(key)
                points.append(point)
            if len(points) == number:
                break
        return points
