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

VALUES_AT_ONCE = 2**20  # 8 MB of them as float64
LEAST = 0.01


def take_fingerprint(tensors: Iterable[Tensor]) -> str:
    """Takes the fingerprint of examples.

    Args:
        tensors: Inputs (N, *) and targets (N,) of each part, always in the same order; all are finite.

    Returns:
        Three numbers for each tensor, separated by blanks: how many examples it has, the sum of its values, and the
        sum of their scales. See `is_same_data` in mgu/results/fingerprints.py.
    """
    return " ".join(_describe(tensor.reshape(len(tensor), -1)) for tensor in tensors)


def _describe(rows: Tensor) -> str:
    """Describes values (N, F); those of each feature are relative to its largest, lest it hide all others."""
    num_rows, num_features = rows.shape
    parts = rows.split(max(1, VALUES_AT_ONCE // num_features))
    by_feature, by_row = _weights(num_features, 0), _weights(num_rows, 1)
    scale = _measure(parts)
    sums = torch.cat([part.to(torch.float64) @ (by_feature / scale) for part in parts])  # (N,)
    # The last bit of a mean that was subtracted moves a whole feature: rows see nothing of that, and scales little.
    values = float(sums @ (by_row - by_row.mean())) / math.sqrt(rows.numel())
    scales = 0.1 * float(scale.log() @ by_feature) / math.sqrt(num_features)
    return f"{num_rows} {values:.6f} {scales:.6f}"


def _measure(parts: Sequence[Tensor]) -> Tensor:
    """Returns the largest value of each feature (F,), or LEAST of that of all: a feature may hold rounding errors."""
    largest = torch.zeros(parts[0].shape[1], dtype=torch.float64)
    for part in parts:
        for ends in (part.amin(0), part.amax(0)):
            torch.maximum(largest, ends.to(torch.float64).abs(), out=largest)
    least = LEAST * float(largest.max())
    return largest.clamp(min=least) if least else torch.ones_like(largest)


def _weights(number: int, seed: int) -> Tensor:
    """Returns numbers in (-1.5, -0.5) and (0.5, 1.5): near 0 changes would vanish, of one sign the mean would rule."""
    drawn = 2 * torch.rand(number, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1
    return drawn + 0.5 * drawn.sign()
