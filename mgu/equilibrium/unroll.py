"""Equilibria as a fixed number of steps, for what cannot stop by a residual: exported graphs."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from mgu.equilibrium.composed import Composed
from mgu.equilibrium.layer import Equilibrium
from mgu.equilibrium.operator import Bounded


class Unrolled(nn.Module):
    """Repeats the map of an equilibrium in evaluation mode a fixed number of times.

    Args:
        layer: The equilibrium, which is copied with its weights as they are scaled now.
        steps: How often.

    Shape:
        x: as the layer's; returns the shape of its output.
    """

    def __init__(self, layer: Equilibrium, steps: int) -> None:
        super().__init__()
        layer = copy.deepcopy(layer).eval()
        self.steps, self.settings, self.inner = steps, layer.settings, layer.inner
        self.injection, self.norm = layer.injection, layer.norm
        self._operators: list[Bounded] = list(layer.operators)  # type: ignore[arg-type]  # as given to the layer
        self._names = [f"weight_{index}" for index in range(len(self._operators))]
        with torch.no_grad():
            for name, operator in zip(self._names, self._operators, strict=True):
                # parameters, as the weights that they are: int8 is to round them
                self.register_parameter(name, nn.Parameter(operator(), requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        c = self.norm(self.injection(x))
        weights = [getattr(self, name) for name in self._names]
        if len(weights) == 1 and self.settings.prior == "none":
            return self._single(weights[0], c)
        parts = list(c.chunk(len(weights), dim=1))
        system = Composed(self._operators, self.inner, weights, parts, self.settings)
        z, viscous = system.start(), self.settings.viscosity_steps if self.settings.prior == "viscosity" else 0
        for step in range(1, viscous + 1):
            z = system.viscous(z, step)
        for _ in range(self.steps - viscous):
            z = system.map(z)
        return z

    def _single(self, weight: Tensor, c: Tensor) -> Tensor:
        operator, u = self._operators[0], self.inner.function(c)
        for _ in range(self.steps):
            u = self.inner.function(operator.apply_weight(weight, operator.apply_adjoint(weight, u)) + c)
        return operator.apply_adjoint(weight, u)
