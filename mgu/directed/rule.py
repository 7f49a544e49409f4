"""Learning from two relaxations: free, and with the outputs drawn towards their targets. No graph of autograd is built.

published  what the field's authors do: transport, sum_t s_i(t) (s_j(t) - s_j(t-1)) / T over the nudged steps, T their
           largest number, for from rest on nothing is added; additive, s_i (s_j^nudged - s_j^free) / strength
exact      s_i (d_j - d_i) for transport, whose weight W_ij is a leak of i as well, s_i d_j for additive,
           d = (s^nudged - s^free) / strength

With `aep` the nudged field gets (J^T - J)(s - s^free) in addition, so that d tends to J^-T dC/ds as the
strength tends to 0, whatever the asymmetry of W (Scurria et al. 2026, https://arxiv.org/abs/2602.03670); without it, to
J^-1 dC/ds. C is half the squared error; at rest dC/dW = -d^T dF/dW, so that `exact` tends to minus the gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.directed.field import VectorField
from mgu.directed.names import Correction, Rule
from mgu.directed.network import DirectedNetwork
from mgu.directed.sparsify import Sparsify, sparsify


class RuleSettings(NamedTuple):
    """Holds how a directed network learns.

    Attributes:
        rule: As above.
        correction: As above.
        strength: beta, of the nudging by half the squared error.
        l1: Weight of the L1 norm of W in what is minimised.
        sparsify: How weak connections are removed after an epoch.
    """

    rule: Rule = "exact"
    correction: Correction = "aep"
    strength: float = 1.0
    l1: float = 0.0
    sparsify: Sparsify = Sparsify()


class EquilibriumRule:
    """Fills the gradient of a directed network, in the place of a backward pass.

    Args:
        settings: How it learns.
    """

    def __init__(self, settings: RuleSettings) -> None:
        self.settings = settings

    @torch.no_grad()
    def __call__(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """Sets the gradient of the weights for a batch.

        Args:
            model: A directed network.
            inputs: Inputs of the batch, (B, *).
            targets: Classes (B,), as integers, or numbers in [0, 1], (B,).

        Returns:
            The outputs in the free phase, (B, K).
        """
        assert isinstance(model, DirectedNetwork)  # the configuration is checked
        held = model.with_bias(inputs)
        field = model.field(held)
        free, solution = model.relax(field, model.start(held))
        model.statistics.train.add(solution, model.dynamics.tolerance)
        direction = self.direction(model, held, field, free, as_states(targets, model.num_outputs).to(free))
        gradient = direction.div_(-len(held))
        if self.settings.l1:
            gradient.add_(model.weight.sign(), alpha=self.settings.l1)
        model.weight.grad = gradient.mul_(model.mask)
        return free[:, -model.num_outputs :]

    def direction(
        self, model: DirectedNetwork, held: Tensor, field: VectorField, free: Tensor, targets: Tensor
    ) -> Tensor:
        """Returns in which direction weights (inputs + M, M) lower the error, summed over the batch.

        Args:
            model: The network.
            held: States of the inputs.
            field: The field of the free phase.
            free: States of the others at rest in it.
            targets: Those of the outputs.

        Returns:
            The direction; connections that are not there have numbers, too.
        """
        settings, nudged_field = self.settings, self.nudged_field(field, free, targets)
        if settings.rule == "published" and model.dynamics.field == "transport":
            return self._by_timing(model, held, nudged_field, free)
        nudged, solution = model.relax(nudged_field, free)
        model.statistics.backward.add(solution, model.dynamics.tolerance)
        d = (nudged - free) / settings.strength  # (B, M)
        if settings.rule == "exact":
            return contrast(model, held, free, d)
        return torch.cat([held, free], dim=1).t() @ d

    def _by_timing(self, model: DirectedNetwork, held: Tensor, nudged_field: VectorField, free: Tensor) -> Tensor:
        """Returns the published direction of the transport field: who is active while others move."""
        total = torch.zeros_like(model.weight)

        def on_step(before: Tensor, after: Tensor) -> None:
            total.addmm_(torch.cat([held, after], dim=1).t(), after - before)

        _, solution = model.relax(nudged_field, free, on_step)
        model.statistics.backward.add(solution, model.dynamics.tolerance)
        return total / model.dynamics.steps

    def nudged_field(self, field: VectorField, free: Tensor, targets: Tensor) -> VectorField:
        """Returns the field whose outputs are drawn to targets, corrected as configured."""
        nudged = field.nudged(targets, self.settings.strength)
        if self.settings.correction == "none":
            return nudged
        extra = field.among.t() - field.among  # (J^T - J)(s - s*), as rows: (s - s*)(W^T - W)
        return nudged._replace(drive=nudged.drive - free @ extra, among=field.among + extra)

    def end_epoch(self, model: nn.Module) -> None:
        """Removes weak connections, as configured; draws from torch's generator."""
        assert isinstance(model, DirectedNetwork)
        sparsify(model, self.settings.sparsify)


def contrast(model: DirectedNetwork, held: Tensor, free: Tensor, d: Tensor) -> Tensor:
    """Returns d^T dF/dW, (inputs + M, M), summed over the batch; connections that are not there have numbers, too.

    Args:
        model: The network.
        held: States of the inputs, (B, inputs + 1).
        free: States of the others at rest, (B, M).
        d: A number for each of them, (B, M).
    """
    direction = torch.cat([held, free], dim=1).t() @ d
    if model.dynamics.field == "transport":
        direction[model.num_inputs :] -= (free * d).sum(dim=0)[:, None]  # s_i d_i: W_ij is a leak of i
    return direction


def as_states(targets: Tensor, num_outputs: int) -> Tensor:
    """Returns the states that outputs are to have, (B, K): of a class 1 in its place, of numbers themselves."""
    if targets.is_floating_point():
        return targets.view(len(targets), -1)
    return torch.nn.functional.one_hot(targets, num_outputs).float()
