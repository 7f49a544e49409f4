"""How many rows a program computes at once, and how many programs share a sum: from the shape alone.

So the same input gives the same bits on one device, whatever else it does, and nothing is tuned while a graph is
recorded.
"""

from __future__ import annotations

from typing import NamedTuple

TILE = 256  # numbers of one branch that a program holds at once
MOST_PARTS = 512  # programs that share a sum: some four for each processor of a large GPU
THREADS_PER_WARP = 32
VALUES_PER_THREAD = 2  # of each branch: with four, the backward pass of a unit takes nearly all registers


class Tiling(NamedTuple):
    """Says how rows are divided.

    Attributes:
        rows: Rows that a program computes at once, a power of two.
        channels: Channels that it computes at once, a power of two that is at least their number.
        tiles: Number of such groups of rows.
        parts: Number of partial sums; each is over every `parts`-th tile.
    """

    rows: int
    channels: int
    tiles: int
    parts: int

    @property
    def num_warps(self) -> int:
        """Groups of threads that compute one tile."""
        return max(1, self.rows * self.channels // (THREADS_PER_WARP * VALUES_PER_THREAD))


def divide(num_rows: int, num_channels: int, tile: int = TILE, most_parts: int = MOST_PARTS) -> Tiling:
    """Returns how to divide rows.

    Args:
        num_rows: Number of rows, at least 1.
        num_channels: Their length.
        tile: Numbers that a program holds at once, a power of two; a row that is longer is held whole.
        most_parts: Most partial sums.

    Returns:
        The tiling.
    """
    channels = next_power_of_two(num_channels)
    rows = max(1, tile // channels)  # not fewer where there are few, for each number is compiled by itself
    tiles = -(-num_rows // rows)
    return Tiling(rows, channels, tiles, min(tiles, most_parts))


def next_power_of_two(number: int) -> int:
    """Returns the smallest power of two that is not smaller than a number."""
    return 1 << (number - 1).bit_length()
