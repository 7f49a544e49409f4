"""The equation of several sub-layers in turn, and of priors: z = F(z), F = p o f_L o ... o f_1.

f_l(z) = (1/a) W_l^T s(W_l z + c_l) + (1 - 1/a) z. A composition of averaged maps is averaged, so that Picard's
iteration converges for every a >= 1. Its Jacobian is not symmetric: the gradient needs a fixed-point iteration of its
own, no conjugate gradients. Priors p:

l1         soft threshold by the weight: the fixed point minimises R + the Moreau envelope, R = weight ||z||_1
l2         z / (1 + weight), the same with R = weight/2 ||z||^2
viscosity  z <- b_k z/2 + (1 - b_k) F(z), b_k = 2/k up to its last step and constant from there: a choice among fixed
           points, nearest to 0, where there are several; R = ||z||^2/2. Sabach and Shtern 2017 (BiG-SAM),
           https://arxiv.org/abs/1702.03999
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.equilibrium.activations import Inner
from mgu.equilibrium.operator import Bounded
from mgu.equilibrium.settings import Settings
from mgu.equilibrium.solver import Limits, Solution, solve
from mgu.equilibrium.statistics import SolverStatistics

VISCOSITY_STEP, VISCOSITY_DECAY = 0.5, 2.0  # g, and the numerator of b_k: at least 1 / g, else it tends to R too slowly


class Composed:
    """Poses z = F(z) of several sub-layers, or of one with a prior.

    Args:
        operators: Apply W of every sub-layer.
        inner: s.
        weights: W of every sub-layer, scaled to its bound.
        parts: What is injected into every sub-layer, (B, C, *) each.
        settings: Averaging, prior and solver.
    """

    def __init__(
        self,
        operators: Sequence[Bounded],
        inner: Inner,
        weights: Sequence[Tensor],
        parts: Sequence[Tensor],
        settings: Settings,
    ) -> None:
        self.operators, self.inner, self.weights, self.parts = operators, inner, weights, parts
        self.settings = settings

    def start(self) -> Tensor:
        """Returns where the iteration begins, W_1^T s(c_1)."""
        return self.operators[0].apply_adjoint(self.weights[0], self.inner.function(self.parts[0]))

    def sweep(self, z: Tensor) -> Tensor:
        """Applies all sub-layers in turn."""
        share = 1 / self.settings.averaging
        for operator, weight, c in zip(self.operators, self.weights, self.parts, strict=True):
            new = operator.apply_adjoint(weight, self.inner.function(operator.apply_weight(weight, z) + c))
            z = new if share == 1 else share * new + (1 - share) * z
        return z

    def map(self, z: Tensor) -> Tensor:
        """Applies F, with the prior; the viscosity has its last value."""
        s = self.settings
        if s.prior == "viscosity":
            return self.viscous(z, s.viscosity_steps)
        swept = self.sweep(z)
        if s.prior == "l1":
            return F.softshrink(swept, s.prior_weight)
        return swept / (1 + s.prior_weight) if s.prior == "l2" else swept

    def viscous(self, z: Tensor, step: int) -> Tensor:
        """Returns one step of the viscosity iteration, counted from 1."""
        share = min(1.0, VISCOSITY_DECAY / step)
        return share * (1 - VISCOSITY_STEP) * z + (1 - share) * self.sweep(z)

    @torch.no_grad()
    def find(self, limits: Limits) -> Solution:
        """Finds the fixed point; the steps of falling viscosity count as iterations.

        Args:
            limits: When to end.

        Returns:
            The solution.
        """
        z, before = self.start(), 0
        if self.settings.prior == "viscosity":
            before = min(self.settings.viscosity_steps, limits.most - 1)
            for step in range(1, before + 1):
                z = self.viscous(z, step)
        solution = solve(self.settings.solver, self.map, z, Limits(limits.tolerance, limits.most - before))
        return solution._replace(iterations=solution.iterations + before)

    def differentiable(self, solution: Solution, limits: Limits, statistics: SolverStatistics) -> Tensor:
        """Returns a fixed point with its gradient, as that of a single equilibrium does."""
        if not torch.is_grad_enabled():
            return solution.value
        z = self.map(solution.value)
        frozen = self.detached()

        def through_the_fixed_point(grad: Tensor) -> Tensor:
            v, backward = frozen.adjoint(grad, solution.value, limits)
            statistics.backward.add(backward, limits.tolerance)
            # Of an iteration that has run away the first term is left (Fung et al. 2022, "JFB",
            # https://arxiv.org/abs/2103.12803).
            return v if math.isfinite(backward.residual) else grad

        if z.requires_grad:
            z.register_hook(through_the_fixed_point)
        return z

    def detached(self) -> Composed:
        """Returns the same equation without gradients of weights and injections."""
        weights, parts = [w.detach() for w in self.weights], [c.detach() for c in self.parts]
        return Composed(self.operators, self.inner, weights, parts, self.settings)

    def adjoint(self, grad: Tensor, z: Tensor, limits: Limits) -> tuple[Tensor, Solution]:
        """Returns v with v = grad + J^T v, and how it was found."""
        with torch.enable_grad():
            at = z.detach().clone().requires_grad_()
            mapped = self.map(at)

        def step(v: Tensor) -> Tensor:
            (product,) = torch.autograd.grad(mapped, at, v, retain_graph=True)
            return grad + product

        with torch.no_grad():
            solution = solve(self.settings.solver, step, grad, limits)
        return solution.value, solution
