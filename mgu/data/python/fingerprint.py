"""The fingerprint of data: a few numbers that tell whether a function returned the same examples again.

They are weighted sums over all values, with a weight of its own for each example and each feature, so that other rows,
another order or one other image show. A checksum of the bytes would differ with the number of threads that computed a
mean, and refuse data that are the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

VALUES_AT_ONCE, ROWS_AT_ONCE = 2**20, 16  # so many values, 8 MB of them as float64, but at least so many rows
LEAST, ROUNDING = 1e-3, 1e-6
BYTE_SPREAD = 64  # of values from 0 to 255


def take_fingerprint(tensors: Iterable[Tensor]) -> str:
    """Takes the fingerprint of examples.

    Args:
        tensors: Inputs (N, *) and targets (N,) of each part, always in the same order; all are finite.

    Returns:
        Four numbers for each tensor, separated by blanks: how many examples it has, and sums of its values, of their
        spreads and of their means. See `is_same_data` in mgu/results/compare/fingerprints.py.
    """
    return " ".join(_describe(tensor.reshape(len(tensor), -1)) for tensor in tensors)


def _describe(rows: Tensor) -> str:
    """Describes values (N, F); those of each feature are relative to its own spread, lest a large one hide others."""
    num_rows, num_features = rows.shape
    parts = rows.split(max(ROWS_AT_ONCE, VALUES_AT_ONCE // num_features))
    by_feature, by_row = _weights(num_features, 0), _weights(num_rows, 1)
    if rows.dtype == torch.uint8:  # all features of which are alike, and exact
        sums = torch.cat([part.to(torch.float64) @ by_feature for part in parts]) / BYTE_SPREAD
        return f"{num_rows} {float(sums @ by_row) / math.sqrt(rows.numel()):.6f} 0 0"
    means, spreads = _measure(parts, num_rows)
    weights = by_feature / spreads
    sums = torch.cat([(part.to(torch.float64) - means) @ weights for part in parts])  # (N,)
    # The last bit of a mean that was subtracted moves a whole feature: rows see nothing of that, and the others little.
    values = float(sums @ (by_row - by_row.mean())) / math.sqrt(rows.numel())
    of_spreads = 0.1 * float(spreads.log() @ by_feature) / math.sqrt(num_features)
    of_means = float((means.sign() * means.abs().log1p()) @ by_feature) / math.sqrt(num_features)
    return f"{num_rows} {values:.6f} {of_spreads:.6f} {of_means:.6f}"


def _measure(parts: Sequence[Tensor], num_rows: int) -> tuple[Tensor, Tensor]:
    """Returns mean and mean distance from it of each feature (F,), the latter not below what rounding makes.

    A feature may hold rounding errors alone: LEAST of the median distance is the least. One value far out must not hide
    all others, as it would in a standard deviation or a range.
    """
    means = torch.stack([part.sum(0, dtype=torch.float64) for part in parts]).sum(0) / num_rows
    spreads = torch.stack([(part.to(torch.float64) - means).abs_().sum(0) for part in parts]).sum(0) / num_rows
    spreads = torch.maximum(spreads, ROUNDING * means.abs()).clamp(min=LEAST * float(spreads.median()))
    return means, torch.where(spreads > 0, spreads, 1.0)


def _weights(number: int, seed: int) -> Tensor:
    """Returns numbers in (-1.5, -0.5) and (0.5, 1.5): near 0 changes would vanish, of one sign the mean would rule."""
    drawn = 2 * torch.rand(number, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1
    return drawn + 0.5 * drawn.sign()
