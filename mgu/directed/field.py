"""The vector field that the states of a directed network follow, and a step of Euler's method along it.

Where layers lead only to their neighbours, most of W among the neurons is 0: a step leaves those products out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class VectorField(NamedTuple):
    """Holds ds/dt = drive + s W - leak s, for a batch.

    Attributes:
        drive: What does not depend on the states, (B, M).
        among: W among the neurons that are no inputs, (M, M).
        leak: What each of them loses, (M,).
        layers: Neurons of each layer, where a layer leads only to those before and after it; one layer leads to itself.
    """

    drive: Tensor
    among: Tensor
    leak: Tensor
    layers: Sequence[int]

    def at(self, states: Tensor) -> Tensor:
        """Returns ds/dt, (B, M)."""
        return torch.addmm(self.drive, states, self.among) - states * self.leak

    def jacobian(self) -> Tensor:
        """Returns J, (M, M), with J_ji the derivative of ds_j/dt by s_i."""
        return self.among.t() - torch.diag(self.leak)

    def nudged(self, targets: Tensor, strength: float) -> VectorField:
        """Returns the field with strength (targets - s) added for the outputs, the last neurons.

        Args:
            targets: What the outputs are drawn towards, (B, K).
            strength: How strongly.
        """
        drive, leak, num = self.drive.clone(), self.leak.clone(), targets.shape[1]
        drive[:, -num:] += strength * targets
        leak[-num:] += strength
        return self._replace(drive=drive, leak=leak)


class EulerStep:
    """Moves states s by dt ds/dt, clipped to [0, 1].

    Args:
        field: The field.
        dt: Length of the step, in its unit of time.
        num_outputs: Output neurons, the last ones: see `clip`.
    """

    def __init__(self, field: VectorField, dt: float, num_outputs: int) -> None:
        self.widths, self.num_outputs = list(field.layers), num_outputs
        self.drives = (dt * field.drive).split(self.widths, dim=1)
        self.kept = (1 - dt * field.leak).split(self.widths)
        self.weights = between_neighbours(dt * field.among, self.widths)

    def __call__(self, states: Tensor) -> Tensor:
        """Returns the states after a step, (B, M)."""
        moved = unclipped_step(states.split(self.widths, dim=1), self.drives, self.kept, self.weights)
        return clip(moved[0] if len(moved) == 1 else torch.cat(moved, dim=1), self.num_outputs)


def unclipped_step(
    layers: Sequence[Tensor], drives: Sequence[Tensor], kept: Sequence[Tensor], weights: Sequence[Sequence[Tensor]]
) -> list[Tensor]:
    """Moves states by a step of Euler's method, wherever it leads.

    Args:
        layers: States of each layer, (B, width).
        drives: What is added to them, (B, width).
        kept: The share of its own state that each neuron keeps, (width,).
        weights: Of each layer those from its `neighbours`, times the length of the step.

    Returns:
        The states of each layer after the step.
    """
    moved = []
    for at, (own, drive, share) in enumerate(zip(layers, drives, kept, strict=True)):
        total = torch.addcmul(drive, own, share)
        for source, weight in zip(neighbours(at, len(layers)), weights[at], strict=True):
            total = torch.addmm(total, layers[source], weight)
        moved.append(total)
    return moved


def between_neighbours(among: Tensor, widths: Sequence[int]) -> list[list[Tensor]]:
    """Cuts a matrix among neurons into the blocks that lead from neighbours to each layer.

    Args:
        among: The matrix, (M, M), from row to column.
        widths: Neurons of each layer.

    Returns:
        For each layer, one block for each of its `neighbours`.
    """
    rows = [block.split(list(widths), dim=1) for block in among.split(list(widths))]
    return [[rows[source][at] for source in neighbours(at, len(rows))] for at in range(len(rows))]


def neighbours(at: int, num_layers: int) -> list[int]:
    """Returns which layers lead to a layer: those before and after it, or itself where it is the only one."""
    return [other for other in (at - 1, at + 1) if 0 <= other < num_layers] or [at]


class _Clip(torch.autograd.Function):
    """Clips to [0, 1]; backward, a clipped output has the gradient that would lead it back into the interval.

    With the derivative of clamp, which is 0 there, an output at 0 would stay there whatever its target: by
    backpropagation whole classes are never learned. Nudging does not have that fault. Hidden neurons have that
    derivative: led back as well, they would get a gradient from every step of the relaxation, and learn worse.
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, num_outputs: int) -> Tensor:
        ctx.save_for_backward(values)
        ctx.num_outputs = num_outputs
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (values,), grad = ctx.saved_tensors, grads[0]
        too_low, too_high = values < 0, values > 1
        stops = too_low | too_high
        outputs = slice(-ctx.num_outputs, None)
        stops[:, outputs] = ((too_low & (grad >= 0)) | (too_high & (grad <= 0)))[:, outputs]
        return grad.masked_fill(stops, 0), None


def clip(values: Tensor, num_outputs: int) -> Tensor:
    """Returns values clipped to [0, 1], with a gradient where one is asked for.

    Args:
        values: New states, (B, M), which may be overwritten.
        num_outputs: The last neurons, whose gradient leads them back into the interval.
    """
    if not (torch.is_grad_enabled() and values.requires_grad):
        return values.clamp_(0, 1)
    clipped: Tensor = _Clip.apply(values, num_outputs)
    return clipped
