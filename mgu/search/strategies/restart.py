"""Where a search by neighbourhoods begins, and where it goes on once nothing near is left to try."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from mgu.search.space import Key, Point, Space

DRAWS = 1000  # until a point is a new one


def restart_points(space: Space, generator: Random, tried: Collection[Key]) -> list[Point]:
    """Returns the start of a space, or a random point once that has been tried.

    Args:
        space: The space.
        generator: Gives the random numbers.
        tried: Keys of the points that have been tried.

    Returns:
        One point; none where many draws find none that is new.
    """
    start = space.start
    if start is not None and space.key(start) not in tried:
        return [start]
    return random_points(space, generator, tried)


def random_points(space: Space, generator: Random, tried: Collection[Key]) -> list[Point]:
    """Returns a random point that has not been tried, see `restart_points`."""
    for _ in range(DRAWS):
        if space.key(point := space.sample(generator)) not in tried:
            return [point]
    return []
