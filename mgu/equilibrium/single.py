"""The equation of a single equilibrium, z = W^T s(W z + c), and its gradient by conjugate gradients.

It is solved for u = s(W z + c), which needs W W^T only: one product an iteration where W is a matrix. Backward,
I - W^T D W, D = s'(W z + c), is symmetric and positive definite; in y = D^1/2 W v it is I - D^1/2 W W^T D^1/2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mgu.equilibrium.activations import Inner
from mgu.equilibrium.conjugate_gradients import conjugate_gradients
from mgu.equilibrium.names import Solver
from mgu.equilibrium.operator import Bounded, BoundedLinear, settle_direction
from mgu.equilibrium.solver import Limits, Map, Solution, solve
from mgu.equilibrium.statistics import SolverStatistics


class Single:
    """Poses z = W^T s(W z + c).

    Args:
        operator: Applies W.
        inner: s.
        weight: W, scaled to its bound.
        c: What is injected, (B, C, *).
        solver: How the fixed point is found.
    """

    def __init__(self, operator: Bounded, inner: Inner, weight: Tensor, c: Tensor, solver: Solver) -> None:
        self.operator, self.inner, self.weight, self.c, self.solver = operator, inner, weight, c, solver
        self._gram: Map | None = None

    def start(self) -> Tensor:
        """Returns where the iteration begins, u = s(c)."""
        return self.inner.function(self.c)

    def gram(self) -> Map:
        """Returns the map u -> W W^T u, without a graph."""
        if self._gram is None:
            operator, weight = self.operator, self.weight.detach()
            if isinstance(operator, BoundedLinear):
                product = weight @ weight.t()
                self._gram = lambda u: u @ product
            else:
                self._gram = lambda u: operator.apply_weight(weight, operator.apply_adjoint(weight, u))
        return self._gram

    @torch.no_grad()
    def find(self, limits: Limits) -> Solution:
        """Iterates u <- s(W W^T u + c).

        Args:
            limits: When to end.

        Returns:
            The solution in u.
        """
        function, c, product = self.inner.function, self.c.detach(), self.gram()
        return solve(self.solver, lambda u: function(product(u) + c), function(c), limits)

    def apply(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns W z + c, s of it, and f(z) = W^T s(W z + c)."""
        before = self.operator.apply_weight(self.weight, z) + self.c
        after = self.inner.function(before)
        return before, after, self.operator.apply_adjoint(self.weight, after)

    def slopes(self, before: Tensor, after: Tensor) -> Tensor:
        """Returns the diagonal of D."""
        return self.inner.slope(before, after)

    def differentiable(self, solution: Solution, limits: Limits, statistics: SolverStatistics) -> Tensor:
        """Returns a fixed point with its gradient.

        Args:
            solution: What `find` has returned.
            limits: When the iteration of the backward pass ends.
            statistics: Counts it.

        Returns:
            z, (B, C, *), whose gradient is that of the fixed point.
        """
        with torch.no_grad():
            z = self.operator.apply_adjoint(self.weight, solution.value)
        if not torch.is_grad_enabled() or not (self.c.requires_grad or self.weight.requires_grad):
            return z
        before, after, z = self.apply(z)
        before, after = before.detach(), after.detach()

        def through_the_fixed_point(grad: Tensor) -> Tensor:
            v, backward = self.adjoint(grad, before, after, limits)
            statistics.backward.add(backward, limits.tolerance)
            if self.operator.training and not backward.residual <= limits.tolerance:
                settle_direction(self.operator)  # ||W|| may be above its bound: the next step begins with a better one
            return v

        if z.requires_grad:
            z.register_hook(through_the_fixed_point)
        return z

    @torch.no_grad()
    def adjoint(self, grad: Tensor, before: Tensor, after: Tensor, limits: Limits) -> tuple[Tensor, Solution]:
        """Returns v = (I - J)^-1 grad, and how it was found."""
        root, weight, gram = self.slopes(before, after).sqrt(), self.weight.detach(), self.gram()
        right = root * self.operator.apply_weight(weight, grad)
        solution = conjugate_gradients(lambda y: y - root * gram(root * y), right, limits)
        return grad + self.operator.apply_adjoint(weight, root * solution.value), solution
