"""The compiled matrix multiplication of one choice of tile sizes; compilations are cached by content."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from mgu.native.library import load

SOURCE = Path(__file__).with_name("gemm.c")
PARTS = (4, 2, 4)  # factors of the rows, the inner dimension and the columns


class Tiles(NamedTuple):
    """Holds the factors of the three dimensions, from the outermost loop to the innermost.

    Attributes:
        m: Four factors of the number of rows.
        k: Two factors of the inner dimension.
        n: Four factors of the number of columns.
    """

    m: tuple[int, ...]
    k: tuple[int, ...]
    n: tuple[int, ...]

    @classmethod
    def of(cls, point: Mapping[str, Sequence[int]]) -> Tiles:
        """Returns the tiles of a point of a space; fewer factors leave outer loops out."""
        parts = zip(cls._fields, PARTS, strict=True)
        return cls(*((1,) * (most - len(point[name])) + tuple(point[name]) for name, most in parts))


def find_gemm(tiles: Tiles) -> ctypes.CDLL | None:
    """Returns the library that is compiled for the innermost tile; None without a C compiler.

    Args:
        tiles: The factors.

    Returns:
        The library, compiled at the first call for such a tile.
    """
    return load(SOURCE, I3=tiles.m[-1], K1=tiles.k[-1], J3=tiles.n[-1])


def multiply(library: Any, tiles: Tiles, left: Tensor, right: Tensor, out: Tensor) -> float:
    """Computes out = left @ right.

    Args:
        library: That of `find_gemm`.
        tiles: The factors.
        left: The first factor.
        right: The second factor.
        out: The product, written in place.

    Shape:
        left: (M, K), right: (K, N), out: (M, N), contiguous and in single precision.

    Returns:
        The seconds that it took.
    """
    bounds = (ctypes.c_long * 7)(*tiles.m[:3], *tiles.n[:3], tiles.k[0])
    library.gemm.restype = ctypes.c_double
    pointers = [ctypes.c_void_p(each.data_ptr()) for each in (left, right, out)]
    seconds: float = library.gemm(*pointers, bounds)
    return seconds
