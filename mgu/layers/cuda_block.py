"""Norm, activation and residual of a baseline block on a GPU: an autograd.Function over Triton kernels.

It keeps the layer's output and two statistics a channel for the backward pass, and recomputes the rest there. It reads
no number back from the device, so that CUDA can record it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.kernels.kinds import Batched, BlockInputs, BlockKind, Running
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.tracing import refuse_higher_order


def normalise_on_cuda(
    norm: BatchNorm | LayerNorm | None, kind: BlockKind, out: Tensor, added: Tensor | None, axis: int
) -> Tensor:
    """Applies norm and activation to the output of a layer and adds that of its shortcut.

    In training mode this updates the running statistics of a batch norm.

    Args:
        norm: The norm; None for `no_norm`.
        kind: Says which kernels.
        out: Output of the layer.
        added: Output of the shortcut; None for a block without a residual.
        axis: Axis of their channels.

    Shape:
        (B, C, *), or with the channels at `axis`; returns the same shape.

    Returns:
        The output of the block.
    """
    weight, bias = (None, None) if norm is None else (norm.weight, norm.bias)
    rows: Tensor = _Normalise.apply(norm, kind, axis, out, added, weight, bias)  # (N, C)
    # The view is made here, for one that is made inside of the function must not be changed in place.
    return rows.view(out.movedim(axis, -1).shape).movedim(-1, axis)  # (B, C, *)


class _Normalise(torch.autograd.Function):
    """Launches the kernels on rows, one a position."""

    @staticmethod
    def forward(
        ctx: Any,
        norm: BatchNorm | LayerNorm | None,
        kind: BlockKind,
        axis: int,
        out: Tensor,
        added: Tensor | None,
        weight: Tensor | None,
        bias: Tensor | None,
    ) -> Tensor:
        from mgu.kernels.block import block_forward  # imports Triton

        rows = to_rows(out, axis)
        running, batched = None, None
        if isinstance(norm, BatchNorm):
            running = Running(*(norm.running_mean, norm.running_var) * 2)
            is_before = kind.norm == "bn_pre"
            batched = Batched(is_before, not is_before, kind.training, kind.activation, norm.eps, norm.momentum)
        # Something must stand in the place of what is not read.
        parts = rows if added is None else to_rows(added, axis), *(rows if p is None else p for p in (weight, bias))
        result, statistics = block_forward(BlockInputs(rows, *parts, statistics=rows), running, batched, kind)
        if kind.training and running:
            increment_version(running[:2])
        ctx.kind, ctx.axis, ctx.shape = kind, axis, out.movedim(axis, -1).shape
        ctx.save_for_backward(rows, *parts[1:], statistics)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        from mgu.kernels.block import block_backward  # imports Triton

        refuse_higher_order(grad, "eager")
        rows, weight, bias, statistics = ctx.saved_tensors
        d_out = grad.contiguous()
        d_rows, d_norm = block_backward(BlockInputs(rows, rows, weight, bias, statistics), d_out, ctx.kind)
        d_layer = d_rows.view(ctx.shape).movedim(-1, ctx.axis)
        d_added = d_out.view(ctx.shape).movedim(-1, ctx.axis) if ctx.needs_input_grad[4] else None
        of_norm = (None, None) if d_norm is None else d_norm.unbind()
        return None, None, None, d_layer, d_added, *of_norm


def to_rows(x: Tensor, axis: int) -> Tensor:
    """Returns x as rows of channels; no copy of what has its channels last in memory.

    Args:
        x: Any tensor.
        axis: Axis of the channels.

    Shape:
        x: (B, C, *), or with the channels at `axis`; returns (N, C).

    Returns:
        The rows, contiguous.
    """
    last = x.movedim(axis, -1)
    return last.reshape(-1, last.shape[-1]).contiguous()
