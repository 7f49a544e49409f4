"""Fixed points z = f(z), by Picard's iteration or with Anderson's acceleration; what was reached is always told.

Walker and Ni 2011, https://doi.org/10.1137/10078356X
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from mgu.equilibrium.names import Solver

Map = Callable[[Tensor], Tensor]
MEMORY = 5  # earlier iterates that Anderson's acceleration combines
RIDGE = 1e-8  # added to its normal equations, as a share of their trace


class Solution(NamedTuple):
    """Holds what an iteration ended with.

    Attributes:
        value: The last iterate.
        iterations: How often the map was applied.
        residual: ||f(z) - z|| / ||f(z)|| over the batch, before the last step.
    """

    value: Tensor
    iterations: int
    residual: float


class Limits(NamedTuple):
    """Says when an iteration ends.

    Attributes:
        tolerance: The residual that is small enough.
        most: Applications of the map, at most.
    """

    tolerance: float
    most: int


def solve(solver: Solver, f: Map, start: Tensor, limits: Limits) -> Solution:
    """Iterates a map until its residual is within the tolerance, is not finite, or the limit is reached.

    Args:
        solver: "picard" or "anderson".
        f: The map, from and to tensors of one shape whose first axis is the batch.
        start: Where to start.
        limits: When to end.

    Returns:
        The solution; it has converged where its residual is within the tolerance.
    """
    return picard(f, start, limits) if solver == "picard" else anderson(f, start, limits)


def picard(f: Map, start: Tensor, limits: Limits) -> Solution:
    """Iterates z <- f(z).

    Args:
        f: The map, see `solve`.
        start: Where to start.
        limits: When to end.

    Returns:
        The solution.
    """
    z, residual, count = start, float("inf"), 0
    while count < limits.most and residual > limits.tolerance:  # false for a residual that is not a number
        new = f(z)
        residual, count = relative(new - z, new), count + 1
        z = new
    return Solution(z, count, residual)


def anderson(f: Map, start: Tensor, limits: Limits) -> Solution:
    """Iterates with Anderson's acceleration: the next iterate is the combination of earlier ones with least residual.

    Each example of the batch has coefficients of its own, so that none depends on the others.

    Args:
        f: The map, see `solve`.
        start: Where to start.
        limits: When to end.

    Returns:
        The solution.
    """
    shape, batch = start.shape, start.shape[0]
    values: list[Tensor] = []  # f(z) of the last iterates, (B, n)
    residuals: list[Tensor] = []  # f(z) - z
    z, residual, count = start, float("inf"), 0
    while count < limits.most and residual > limits.tolerance:
        new = f(z)
        residual, count = relative(new - z, new), count + 1
        values = [*values[1 - MEMORY :], new.reshape(batch, -1)]
        residuals = [*residuals[1 - MEMORY :], (new - z).reshape(batch, -1)]
        z = new if len(values) == 1 else _combine(values, residuals).view(shape)
    return Solution(new.view(shape), count, residual)


def _combine(values: list[Tensor], residuals: list[Tensor]) -> Tensor:
    """Returns the affine combination of values, (B, n), whose combined residual is smallest."""
    stacked = torch.stack(residuals, dim=1)  # (B, m, n)
    gram = torch.bmm(stacked, stacked.transpose(1, 2))  # (B, m, m)
    trace = gram.diagonal(dim1=1, dim2=2).sum(dim=1)[:, None]  # (B, 1)
    gram = gram + torch.diag_embed((RIDGE * trace + 1e-30).expand(-1, gram.shape[1]))
    weights = torch.linalg.solve_ex(gram, torch.ones_like(gram[:, :, :1]))[0]  # (B, m, 1)
    weights = weights / weights.sum(dim=1, keepdim=True)
    combined: Tensor = (torch.stack(values, dim=1) * weights).sum(dim=1)  # (B, n)
    return combined


def relative(difference: Tensor, value: Tensor) -> float:
    """Returns the norm of a difference as a share of that of the value; 0 where nothing changed."""
    length = torch.linalg.vector_norm(difference).item()
    return length / max(torch.linalg.vector_norm(value).item(), 1e-30) if length else 0.0
