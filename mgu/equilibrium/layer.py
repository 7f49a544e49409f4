"""A layer whose output is the fixed point of an iteration (OptEq, Xie et al. 2021, https://arxiv.org/abs/2105.13228).

z = W^T s(W z + c), c = U x + b, with slopes of s in [0, 1] and ||W|| <= 1: the map is the proximal operator of a convex
function, its Jacobian W^T D W is symmetric with eigenvalues in [0, ||W||^2], and the fixed point minimises an explicit
convex objective (objective.py). The gradient is that of the fixed point, not of the steps: I - J is solved with, by
conjugate gradients. Several sub-layers in turn are composed.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mgu.equilibrium.activations import find_inner
from mgu.equilibrium.composed import Composed
from mgu.equilibrium.operator import Bounded, BoundedConvolution, BoundedLinear, settle_direction
from mgu.equilibrium.settings import Settings
from mgu.equilibrium.single import Single
from mgu.equilibrium.solver import Limits
from mgu.equilibrium.statistics import SolverStatistics
from mgu.layers.normalization import BatchNorm
from mgu.layers.weight_init import glorot_


class Equilibrium(nn.Module):
    """Returns the fixed point z of an iteration that the input x enters through c = U x + b.

    Args:
        injection: U and b, a dense layer or a convolution to sublayers * width channels.
        operators: W of every sub-layer, which keep the shape of z.
        settings: How the fixed point is defined and found.
        input_norm: Whether c is batch-normalised: outside of the iteration, whose convexity that would break.

    Shape:
        x: (B, C, *) as the injection takes it; returns (B, width, *).

    Raises:
        ValueError: The activation has slopes outside of [0, 1].
    """

    def __init__(
        self,
        injection: nn.Linear | nn.Conv2d,
        operators: Sequence[Bounded],
        settings: Settings,
        input_norm: bool = False,
    ) -> None:
        super().__init__()
        self.settings, self.inner = settings, find_inner(settings.inner_activation)
        self.injection = injection
        self.operators = nn.ModuleList(operators)
        num = injection.weight.shape[0]
        self.norm: nn.Module = BatchNorm(num, 1) if input_norm else nn.Identity()
        self.statistics = SolverStatistics()

    @property
    def width(self) -> int:
        """Channels of the output."""
        return int(self.injection.weight.shape[0]) // len(self.operators)

    def forward(self, x: Tensor) -> Tensor:
        c, limits = self.norm(self.injection(x)), self.limits  # (B, L * width, *)
        system = self._pose(c)
        if c.is_meta:
            return (
                system.start()
                if isinstance(system, Composed)
                else system.operator.apply_adjoint(system.weight, system.start())
            )
        solution = system.find(limits)
        if self.training and not solution.residual <= limits.tolerance:
            # A large step may have outrun the few power iterations of a step, so that ||W|| is above its bound.
            for operator in self._bounded:
                settle_direction(operator)
            system = self._pose(c)
            solution = system.find(limits)
        (self.statistics.train if self.training else self.statistics.evaluate).add(solution, limits.tolerance)
        return system.differentiable(solution, limits, self.statistics)

    @property
    def _bounded(self) -> list[Bounded]:
        return list(self.operators)  # type: ignore[arg-type]  # as given to the constructor

    @property
    def limits(self) -> Limits:
        """When the iteration ends, by the mode of the layer."""
        s = self.settings
        return Limits(s.tolerance if self.training else s.eval_tolerance, s.max_iterations)

    def system(self, x: Tensor) -> Single | Composed:
        """Returns the equation that an input poses. In training this moves power iterations and running statistics."""
        return self._pose(self.norm(self.injection(x)))

    def _pose(self, c: Tensor) -> Single | Composed:
        operators = self._bounded
        weights, parts = [operator() for operator in operators], list(c.chunk(len(operators), dim=1))
        s = self.settings
        if len(operators) == 1 and s.prior == "none":
            return Single(operators[0], self.inner, weights[0], parts[0], s.solver)
        return Composed(operators, self.inner, weights, parts, s)

    def reset_parameters(self) -> None:
        """Draws new weights and new vectors of the power iteration."""
        glorot_(self.injection)
        for operator in self._bounded:
            operator.reset_parameters()
        if isinstance(self.norm, BatchNorm):
            for tensor, value in ((self.norm.weight, 1.0), (self.norm.bias, 0.0)):
                nn.init.constant_(tensor, value)

    def plain_like(self) -> nn.Module:
        """Returns a new plain layer with the same shapes of input and output, for whatever goes by geometry."""
        old = self.injection
        where: dict[str, Any] = {"device": old.weight.device, "dtype": old.weight.dtype}
        if isinstance(old, nn.Linear):
            layer: nn.Linear | nn.Conv2d = nn.Linear(old.in_features, self.width, **where)
        else:
            geometry = old.kernel_size, old.stride, old.padding
            layer = nn.Conv2d(old.in_channels, self.width, *geometry, **where)  # type: ignore[arg-type]  # of two dimensions
        glorot_(layer)
        return layer

    def count_products(self, iterations: float) -> float:
        """Counts floating-point operations of products with W for an example, by position.

        W W^T of a matrix, which is computed once a batch, is left out.

        Args:
            iterations: How often the map is applied.

        Returns:
            The operations: two for each product of numbers.
        """
        once = 2 * sum(operator.weight.numel() for operator in self._bounded)
        is_matrix = len(self.operators) == 1 and self.settings.prior == "none" and self.injection.weight.dim() == 2
        return once * (iterations + 1 if is_matrix else 2 * iterations + 1)

    def extra_repr(self) -> str:
        s = self.settings
        return f"{s.sublayers} x {s.inner_activation}, ||W|| <= {s.norm_bound}, {s.solver} to {s.tolerance:g}"


def dense_equilibrium(in_features: int, width: int, settings: Settings, input_norm: bool = False) -> Equilibrium:
    """Builds an equilibrium of rows of numbers.

    Args:
        in_features: Features of the input.
        width: Features of the output.
        settings: How the fixed point is defined and found.
        input_norm: Whether what is injected is batch-normalised.

    Returns:
        The layer.
    """
    injection = nn.Linear(in_features, settings.sublayers * width)
    glorot_(injection)
    s = settings
    operators = [BoundedLinear(width, s.norm_bound, s.power_iterations) for _ in range(s.sublayers)]
    return Equilibrium(injection, operators, settings, input_norm)


def convolutional_equilibrium(
    injection: nn.Conv2d, kernel_size: int, size: tuple[int, int], settings: Settings, input_norm: bool = False
) -> Equilibrium:
    """Builds an equilibrium of images.

    Args:
        injection: The convolution through which the input enters, to sublayers * channels.
        kernel_size: Side of the kernels W in pixels, odd.
        size: Height and width in pixels of what the injection returns: the norm of W depends on it.
        settings: How the fixed point is defined and found.
        input_norm: Whether what is injected is batch-normalised.

    Returns:
        The layer.
    """
    s = settings
    channels = injection.out_channels // s.sublayers
    operators = [
        BoundedConvolution(channels, kernel_size, size, s.norm_bound, s.power_iterations) for _ in range(s.sublayers)
    ]
    return Equilibrium(injection, operators, settings, input_norm)
