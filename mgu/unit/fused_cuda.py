"""Forward and backward of everything after the unit's transforms on a GPU: an autograd.Function over Triton kernels.

The counterpart of mgu/unit/fused.py: it keeps the outputs of the transforms and four statistics a channel for the
backward pass, and recomputes the rest there. It reads no number back from the device, so that CUDA can record it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.kernels.kinds import Batched, Running, UnitInputs, UnitKind
from mgu.layers.cuda_block import to_rows
from mgu.layers.tracing import refuse_higher_order
from mgu.unit.fused import Norms


def mix_on_cuda(
    kind: UnitKind, norms: Norms, packed: Tensor, bypass: Tensor | None = None, gates: Tensor | None = None
) -> Tensor:
    """Mixes the branches of a unit by its gates (Damian and Piciu 2020, eq. 3-19).

    In training mode this updates the running statistics of the batch norms.

    Args:
        kind: Says which kernels.
        norms: The unit's norms.
        packed: Outputs of layer, bypass and gates side by side along the channel axis, gates before their sigmoid; for
            constant gates that of the layer only.
        bypass: Output of the bypass, for constant gates.
        gates: Gate values by gate and channel, in (0, 1), for constant gates.

    Shape:
        packed: (B, transforms * C, *), or with the channels where the norms have them; bypass: (B, C, *); gates:
        (gates, C); returns (B, C, *).

    Returns:
        The output of the unit.
    """
    out: Tensor = _Mix.apply(kind, norms, packed, bypass, gates, *norms.parameters)  # (N, C)
    axis = norms.ln.channel_axis
    positions = packed.movedim(axis, -1).shape[:-1]  # (B, *)
    # The view is made here, for one that is made inside of the function must not be changed in place.
    return out.view(*positions, -1).movedim(-1, axis)  # (B, C, *)


class _Mix(torch.autograd.Function):
    """Launches the kernels on rows, one a position."""

    @staticmethod
    def forward(
        ctx: Any,
        kind: UnitKind,
        norms: Norms,
        packed: Tensor,
        bypass: Tensor | None,
        gates: Tensor | None,
        *parameters: Tensor,
    ) -> Tensor:
        from mgu.kernels.unit import mix_forward  # imports Triton

        axis, before = norms.ln.channel_axis, norms.before
        ctx.shape = packed.movedim(axis, -1).shape  # (B, *, transforms * C)
        rows = to_rows(packed, axis)
        # Where gates are not constant, something must stand in the place of what is not read.
        by, constants = (rows, rows) if bypass is None or gates is None else (to_rows(bypass, axis), gates.contiguous())
        batched = Batched(True, True, before.training, kind.activation, before.eps, before.momentum)
        inputs = UnitInputs._make((rows, by, constants, *parameters, rows))  # statistics are yet to come
        with torch.cuda.device_of(rows):
            out, statistics = mix_forward(inputs, Running(*norms.statistics), batched, kind)
        if before.training:
            increment_version(norms.statistics)
        ctx.kind, ctx.axis, ctx.is_training = kind, axis, before.training
        ctx.save_for_backward(rows, by, constants, *parameters, statistics)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        from mgu.kernels.unit import mix_backward  # imports Triton

        refuse_higher_order(grad, "eager or packed")
        gradients = mix_backward(UnitInputs(*ctx.saved_tensors), grad.contiguous(), ctx.is_training, ctx.kind)
        d_packed = gradients.rows.view(ctx.shape).movedim(-1, ctx.axis)  # (B, transforms * C, *)
        d_bypass = None if gradients.bypass is None else gradients.bypass.view(ctx.shape).movedim(-1, ctx.axis)
        return None, None, d_packed, d_bypass, gradients.gates, *gradients.norms.unbind()
