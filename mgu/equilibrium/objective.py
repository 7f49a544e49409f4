"""The convex objective that a single equilibrium minimises, and how fast its iteration contracts.

With z = W^T u and h the function whose proximal operator the activation is,
G = 1^T h(u) + |u|^2 / 2 - <c, u> - |W^T u|^2 / 2, convex for ||W|| <= 1. Several sub-layers minimise no simple sum;
only as a -> inf does their fixed point tend to the minimiser of the sum of the Moreau envelopes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mgu.equilibrium.single import Single


@torch.no_grad()
def objective(system: Single, u: Tensor) -> Tensor | None:
    """Computes the objective of each example.

    Args:
        system: The equation.
        u: Where, (B, C, *), in the range of the activation.

    Returns:
        G, (B,); None for an activation whose function has no closed form.
    """
    potential = system.inner.potential
    if potential is None:
        return None
    z = system.operator.apply_adjoint(system.weight, u)
    values = potential(u) - system.c * u  # (B, C, *)
    return values.flatten(1).sum(dim=1) - z.square().flatten(1).sum(dim=1) / 2


@torch.no_grad()
def contraction(system: Single, u: Tensor, iterations: int = 30) -> Tensor:
    """Estimates by what factor an iteration shortens a small error of each example, from below.

    Args:
        system: The equation.
        u: Its solution, (B, C, *).
        iterations: Power iterations.

    Returns:
        The largest eigenvalue of W^T D W, (B,).
    """
    gram = system.gram()
    root = system.slopes(gram(u) + system.c, u).sqrt()
    vector, shape = root.clone(), (-1, *[1] * (u.dim() - 1))
    value = torch.zeros(len(u), dtype=u.dtype, device=u.device)
    for _ in range(iterations):
        vector = root * gram(root * vector)
        value = torch.linalg.vector_norm(vector.flatten(1), dim=1)
        vector = vector / value.clamp(min=1e-30).view(shape)
    return value
