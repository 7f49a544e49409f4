"""Forward and backward of everything after the unit's transforms on a GPU: an autograd.Function over Triton kernels.

The counterpart of mgu/unit/fused.py: it keeps the outputs of the transforms and four statistics a channel for the
backward pass, and recomputes the rest there. It reads no number back from the device, so that CUDA can record it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.kernels.kinds import Batched, Running, UnitInputs, UnitKernels
from mgu.layers.cuda_block import to_rows
from mgu.layers.tracing import refuse_higher_order
from mgu.unit.norms import Norms

NUM_NORM_PARAMETERS = 6  # weight and bias of each


def mix_on_cuda(
    kernels: UnitKernels, norms: Norms, outputs: Tensor, bypass: Tensor | None = None, logits: Sequence[Tensor] = ()
) -> Tensor:
    """Mixes the branches of a unit by its gates (Damian and Piciu 2020, eq. 2-19).

    In training mode this updates the running statistics of the batch norms.

    Args:
        kernels: What is launched.
        norms: The unit's norms.
        outputs: Outputs of layer, bypass and gates side by side along the channel axis, gates before their sigmoid; for
            constant gates that of the layer only.
        bypass: Output of the bypass, for constant gates.
        logits: Constant gates before the sigmoid, one number a channel each, or one each.

    Shape:
        outputs: (B, transforms * C, *), or with the channels where the norms have them; bypass: (B, C, *); logits: (C,)
        or (1,) each; returns (B, C, *).

    Returns:
        The output of the unit.
    """
    out: Tensor = _Mix.apply(kernels, norms, outputs, bypass, *logits, *norms.parameters)  # (N, C)
    axis = norms.ln.channel_axis
    positions = outputs.movedim(axis, -1).shape[:-1]  # (B, *)
    # The view is made here, for one that is made inside of the function must not be changed in place.
    return out.view(*positions, -1).movedim(-1, axis)  # (B, C, *)


class _Mix(torch.autograd.Function):
    """Launches the kernels on rows, one a position."""

    @staticmethod
    def forward(
        ctx: Any, kernels: UnitKernels, norms: Norms, outputs: Tensor, bypass: Tensor | None, *tensors: Tensor
    ) -> Tensor:
        from mgu.kernels.unit import mix_forward  # imports Triton

        axis, before = norms.ln.channel_axis, norms.before
        logits, parameters = tensors[:-NUM_NORM_PARAMETERS], tensors[-NUM_NORM_PARAMETERS:]
        rows = to_rows(outputs, axis)
        by, gates = rows, rows  # where gates are not constant, something must stand in the place of what is not read
        if bypass is not None:
            by = to_rows(bypass, axis)
            gates = torch.stack([logit.expand(len(parameters[0])) for logit in logits]).sigmoid()  # (gates, C)
        batched = Batched(True, True, before.training, kernels.activation, before.eps, before.momentum)
        inputs = UnitInputs._make((rows, by, gates, *parameters, rows))  # statistics are yet to come
        with torch.cuda.device_of(rows):
            out, statistics = mix_forward(inputs, Running(*norms.statistics), batched, kernels)
        if before.training:
            increment_version(norms.statistics)
        ctx.kernels, ctx.axis, ctx.is_training = kernels, axis, before.training
        ctx.shape, ctx.logits = outputs.movedim(axis, -1).shape, [logit.numel() for logit in logits]
        ctx.save_for_backward(rows, by, gates, *parameters, statistics)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        from mgu.kernels.unit import mix_backward  # imports Triton

        refuse_higher_order(grad, "eager or packed")
        inputs = UnitInputs(*ctx.saved_tensors)
        gradients = mix_backward(inputs, grad.contiguous(), ctx.is_training, ctx.kernels)
        d_outputs = gradients.rows.view(ctx.shape).movedim(-1, ctx.axis)  # (B, transforms * C, *)
        d_bypass, d_logits = None, list[Tensor]()
        if gradients.bypass is not None and gradients.gates is not None:
            d_bypass = gradients.bypass.view(ctx.shape).movedim(-1, ctx.axis)
            d_gates = gradients.gates * inputs.gates * (1 - inputs.gates)  # not sigmoid_backward, see `store_gate`
            d_logits = [d if num > 1 else d.sum(0, keepdim=True) for d, num in zip(d_gates, ctx.logits, strict=True)]
        return None, None, d_outputs, d_bypass, *d_logits, *gradients.norms.unbind()
