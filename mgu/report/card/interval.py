"""The interval of a share of right answers on held-out examples, from one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # quantile of the normal distribution for 95 %


class Interval(NamedTuple):
    """Holds a 95 % interval.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        method: How it was computed, and over what.
    """

    low: float
    high: float
    method: str


def wilson(hits: int, count: int, what: str) -> Interval:
    """Computes the interval of a share (Wilson 1927, https://doi.org/10.2307/2276774).

    Args:
        hits: Number of right answers.
        count: Number of independent examples, at least 1.
        what: What the examples are called, in the plural, such as "test examples".

    Returns:
        The interval, within 0..1.
    """
    share, extra = hits / count, Z * Z / count
    middle = (share + extra / 2) / (1 + extra)
    half = Z / (1 + extra) * math.sqrt(share * (1 - share) / count + extra / (4 * count))
    examples = what.removesuffix("s") if count == 1 else what
    return Interval(max(0.0, middle - half), min(1.0, middle + half), f"Wilson, over {count:,} {examples}")


def over_groups(right: NDArray[np.bool_], sizes: Sequence[int], what: str) -> Interval | None:
    """Computes the interval of a share of examples that come in groups, such as cases, and are alike within each.

    The share is a ratio of two sums over groups, whose variance is estimated by linearisation (Cochran 1977, Sampling
    Techniques, section 6.4).

    Args:
        right: Which examples were right (N,), those of a group next to each other.
        sizes: Number of examples of each group.
        what: What the examples are called, such as "test images".

    Returns:
        The interval; None for a single group, and where nothing varies between them.
    """
    from scipy.special import stdtrit  # few cards need it

    edges = np.cumsum([0, *sizes])
    if len(sizes) < 2 or edges[-1] != len(right):
        return None
    hits, counts = np.add.reduceat(right.astype(float), edges[:-1]), np.array(sizes, dtype=float)
    share = hits.sum() / counts.sum()
    residuals = hits - share * counts
    variance = (residuals**2).sum() * len(sizes) / (len(sizes) - 1) / counts.sum() ** 2
    if not variance > 0:
        return None
    half = float(stdtrit(len(sizes) - 1, 0.975)) * math.sqrt(variance)
    return Interval(
        max(0.0, share - half),
        min(1.0, share + half),
        f"Student's t, linearised, over {len(sizes):,} groups of {what}",
    )
