"""Conjugate gradients for many systems at once, one of each example: (I - K) y = r with K symmetric, in [0, 1).

Hestenes and Stiefel 1952, https://doi.org/10.6028/jres.049.044
"""

from __future__ import annotations

import torch
from torch import Tensor

from mgu.equilibrium.solver import Limits, Map, Solution

LEAST = torch.finfo(torch.float32).tiny  # runs take smaller numbers for zero, by which nothing can be divided


def conjugate_gradients(matrix: Map, right: Tensor, limits: Limits) -> Solution:
    """Solves A y = r for every example by itself.

    Where A turns out not to be positive definite, an example ends with the iterate so far (Steihaug 1983,
    https://doi.org/10.1137/0720042): its residual tells.

    Args:
        matrix: Applies A, symmetric and positive definite on the numbers of each example.
        right: r; its first axis is the batch.
        limits: Each example's residual is brought below the tolerance, as a share of its r.

    Returns:
        The solution; its residual is the largest of an example.
    """
    shape, batch = right.shape, right.shape[0]
    y, rest = torch.zeros_like(right), right
    direction, count = rest, 0
    square = _dot(rest, rest)
    is_indefinite = torch.zeros_like(square, dtype=torch.bool)  # (B,)
    goal = square.clamp(min=LEAST) * limits.tolerance**2  # (B,)
    while count < limits.most and not bool((is_over := (square <= goal) | is_indefinite).all()):
        applied = matrix(direction)
        curvature = _dot(direction, applied)
        is_indefinite = is_indefinite | (curvature <= 0) & ~is_over
        step = square / curvature.clamp(min=LEAST)
        # Those that are done rest.
        step = torch.where(is_over | is_indefinite, 0.0, step).view(batch, *[1] * (len(shape) - 1))
        y, rest = y + step * direction, rest - step * applied
        previous, square = square, _dot(rest, rest)
        ratio = (square / previous.clamp(min=LEAST)).view(step.shape)
        direction, count = rest + ratio * direction, count + 1
    worst = (square / (goal / max(limits.tolerance**2, LEAST)).clamp(min=LEAST)).max() if batch else square.sum()
    return Solution(y, count, float(worst.sqrt()))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Returns the inner product of each example, (B,)."""
    return (a * b).flatten(1).sum(dim=1)
