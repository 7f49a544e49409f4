"""Weights of an equilibrium whose norm, as an operator, is held below a bound by power iteration.

Of a convolution the operator is what maps images to images, not the kernel as a matrix: its norm can be half as large
again (torch's spectral_norm bounds the latter). An estimate comes from below: so the vector of the power iteration is
kept from step to step, as a buffer that checkpoints hold, and evaluation iterates more often than a step. A step whose
equilibrium is not reached does, too (layer.py): weights that have moved far in one step can be above the bound.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TO_SETTLE = 50  # power iterations on new weights, and in evaluation: 0.996 of the norm from a random start


class BoundedLinear(nn.Module):
    """Holds a square matrix W with ||W|| <= bound.

    Args:
        width: Number of rows and columns.
        bound: Largest operator norm, in (0, 1].
        iterations: Power iterations a step.
    """

    direction: Tensor

    def __init__(self, width: int, bound: float, iterations: int) -> None:
        super().__init__()
        self.bound, self.iterations = bound, iterations
        self.weight = nn.Parameter(torch.empty(width, width))
        self.register_buffer("direction", torch.empty(1, width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights and the vector of the power iteration."""
        nn.init.xavier_uniform_(self.weight)
        reset_direction(self)

    def forward(self) -> Tensor:
        """Returns W, scaled to its bound."""
        return bounded(self)

    def apply_weight(self, weight: Tensor, z: Tensor) -> Tensor:
        """Returns W z of rows z, (B, n)."""
        return F.linear(z, weight)

    def apply_adjoint(self, weight: Tensor, u: Tensor) -> Tensor:
        """Returns W^T u of rows u, (B, n)."""
        return u @ weight


class BoundedConvolution(nn.Module):
    """Holds a convolution W, padded so that images keep their size, with ||W|| <= bound on images of that size.

    Args:
        channels: Channels of input and output.
        kernel_size: Side of the kernel in pixels, odd.
        size: Height and width of the images in pixels.
        bound: Largest operator norm, in (0, 1].
        iterations: Power iterations a step.
    """

    direction: Tensor

    def __init__(self, channels: int, kernel_size: int, size: tuple[int, int], bound: float, iterations: int) -> None:
        super().__init__()
        self.bound, self.iterations, self.padding = bound, iterations, kernel_size // 2
        self.weight = nn.Parameter(torch.empty(channels, channels, kernel_size, kernel_size))
        self.register_buffer("direction", torch.empty(1, channels, *size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights and the image of the power iteration."""
        nn.init.xavier_uniform_(self.weight)
        reset_direction(self)

    def forward(self) -> Tensor:
        """Returns W, scaled to its bound."""
        return bounded(self)

    def apply_weight(self, weight: Tensor, z: Tensor) -> Tensor:
        """Returns W z of images z, (B, C, H, W)."""
        return F.conv2d(z, weight, padding=self.padding)

    def apply_adjoint(self, weight: Tensor, u: Tensor) -> Tensor:
        """Returns W^T u of images u, (B, C, H, W)."""
        return F.conv_transpose2d(u, weight, padding=self.padding)


Bounded = BoundedLinear | BoundedConvolution


@torch.no_grad()
def reset_direction(operator: Bounded) -> None:
    """Draws the vector of the power iteration, and iterates until it has settled on the weights."""
    operator.direction.normal_()
    settle_direction(operator)


@torch.no_grad()
def settle_direction(operator: Bounded) -> None:
    """Iterates the vector of the power iteration until it has settled on the weights."""
    operator.direction.copy_(iterate(operator, operator.weight, TO_SETTLE)[1])


def bounded(operator: Bounded) -> Tensor:
    """Scales the weight of an operator to its bound. In training its vector moves on.

    Args:
        operator: The operator.

    Returns:
        W min(1, bound / norm), through which the gradient of the estimated norm flows.
    """
    weight = operator.weight
    with torch.no_grad():
        left, right = iterate(operator, weight, operator.iterations if operator.training else TO_SETTLE)
        if operator.training:
            operator.direction.copy_(right)
    norm = (left * operator.apply_weight(weight, right)).sum()
    return weight * (operator.bound / norm).clamp(max=1.0)


@torch.no_grad()
def iterate(operator: Bounded, weight: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Approximates the singular vectors of the largest singular value by power iteration.

    Args:
        operator: The operator, whose direction the iteration starts from.
        weight: The weight that it is applied with.
        iterations: Number of iterations.

    Returns:
        The left and the right vector, of length 1.
    """
    right = operator.direction
    for _ in range(iterations):
        left = _unit(operator.apply_weight(weight, right))
        right = _unit(operator.apply_adjoint(weight, left))
    return _unit(operator.apply_weight(weight, right)), right


@torch.no_grad()
def operator_norm(operator: Bounded, weight: Tensor, iterations: int = TO_SETTLE) -> float:
    """Estimates the norm of an operator with other weights than its own, such as the scaled ones; from below.

    Args:
        operator: The operator.
        weight: The weight that it is applied with.
        iterations: Number of power iterations.

    Returns:
        The norm.
    """
    left, right = iterate(operator, weight, iterations)
    return float((left * operator.apply_weight(weight, right)).sum())


def _unit(vector: Tensor) -> Tensor:
    unit: Tensor = vector / torch.linalg.vector_norm(vector).clamp(min=1e-30)
    return unit
