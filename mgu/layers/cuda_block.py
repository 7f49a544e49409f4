"""Norm, activation and residual of a baseline block on a GPU: an autograd.Function over Triton kernels.

It keeps the layer's output and two statistics a channel for the backward pass, and recomputes the rest there. It reads
no number back from the device, so that CUDA can record it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from mgu.kernels.availability import find_obstacle
from mgu.kernels.kinds import Batched, BlockInputs, BlockKernels, Running
from mgu.layers.activation import NAMES_IN_C, Activation
from mgu.layers.native_block import find_norm
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.obstacle import Obstacle
from mgu.layers.packed import with_channels_last
from mgu.layers.tracing import refuse_higher_order


class CudaBlock(NamedTuple):
    """Says which kernels compute what follows the layer of a block.

    Attributes:
        kind: The kernels.
        norm: Its norm, or None.
    """

    kind: BlockKernels
    norm: BatchNorm | LayerNorm | None


def find_on_cuda(
    pre: nn.Module, post: nn.Module, has_residual: bool, activation: Activation, x: Tensor
) -> CudaBlock | Obstacle:
    """Returns how to compute one call of a block by Triton, or why that is impossible.

    Args:
        pre: What comes between layer and activation.
        post: What comes after the activation.
        has_residual: Whether there is a shortcut.
        activation: The activation.
        x: The input.

    Returns:
        The way, or the reason.
    """
    block_norm = find_norm(pre, post)
    if isinstance(block_norm, Obstacle):
        return block_norm
    name, norm = block_norm
    activation_name = NAMES_IN_C.get(activation, "").lower()
    if reason := find_obstacle(x, 1 if norm is None else len(norm.weight), activation_name):
        return Obstacle(reason)
    eps = 1.0
    if norm is not None:
        tensors, eps = [*norm._parameters.values(), *norm._buffers.values()], norm.eps
        if eps <= 0 or any((t.dtype, t.device) != (x.dtype, x.device) or not t.is_contiguous() for t in tensors):
            return Obstacle("where the norm is not in the input's precision and place, or has no eps")
    training = isinstance(norm, BatchNorm) and norm.training
    return CudaBlock(BlockKernels(name, activation_name, has_residual, training, eps), norm)


def apply_on_cuda(block: CudaBlock, layer: Callable[[Tensor], Tensor], shortcut: nn.Module | None, x: Tensor) -> Tensor:
    """Computes a block; in training mode this updates the running statistics of a batch norm.

    Args:
        block: See `find_on_cuda`.
        layer: Applies the layer of the block.
        shortcut: That of its residual, or None.
        x: The input.

    Returns:
        The output.

    Raises:
        ValueError: The norm has other channels than the layer's output.
    """
    x = with_channels_last(x)  # so that the outputs are rows of channels as they are
    out, norm = layer(x), block.norm
    axis = 1 if out.dim() > 2 else -1
    if norm is not None:
        axis = norm.channel_axis
    weight, bias = (None, None) if norm is None else (norm.weight, norm.bias)
    if norm is not None and out.shape[axis] != len(norm.weight):
        raise ValueError(
            f"channels must be those of the layer's output, but got {len(norm.weight)} for {out.shape[axis]}. "
            "Pass num_channels."
        )
    added = None if shortcut is None else shortcut(x)
    rows: Tensor = _Normalise.apply(block, axis, out, added, weight, bias)  # (N, C)
    # The view is made here, for one that is made inside of the function must not be changed in place.
    return rows.view(out.movedim(axis, -1).shape).movedim(-1, axis)  # (B, C, *)


class _Normalise(torch.autograd.Function):
    """Launches the kernels on rows, one a position."""

    @staticmethod
    def forward(
        ctx: Any,
        block: CudaBlock,
        axis: int,
        out: Tensor,
        added: Tensor | None,
        weight: Tensor | None,
        bias: Tensor | None,
    ) -> Tensor:
        from mgu.kernels.block import block_forward  # imports Triton

        rows, (kind, norm) = to_rows(out, axis), block
        running, batched = None, None
        if isinstance(norm, BatchNorm):
            running = Running(*(norm.running_mean, norm.running_var) * 2)
            is_before = kind.norm == "bn_pre"
            batched = Batched(is_before, not is_before, kind.training, kind.activation, norm.eps, norm.momentum)
        # Something must stand in the place of what is not read.
        by = rows if added is None else to_rows(added, axis)
        inputs = BlockInputs(rows, by, rows if weight is None else weight, rows if bias is None else bias, rows)
        with torch.cuda.device_of(rows):
            result, statistics = block_forward(inputs, running, batched, kind)
        if kind.training and running:
            increment_version(running[:2])
        ctx.kind, ctx.axis, ctx.shape = kind, axis, out.movedim(axis, -1).shape
        ctx.save_for_backward(rows, inputs.weight, inputs.bias, statistics)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        from mgu.kernels.block import block_backward  # imports Triton

        refuse_higher_order(grad, "eager")
        rows, weight, bias, statistics = ctx.saved_tensors
        d_out = grad.contiguous()
        d_rows, d_norm = block_backward(BlockInputs(rows, rows, weight, bias, statistics), d_out, ctx.kind)
        d_layer = d_rows.view(ctx.shape).movedim(-1, ctx.axis)
        d_added = d_out.view(ctx.shape).movedim(-1, ctx.axis) if ctx.needs_input_grad[3] else None
        of_norm = (None, None) if d_norm is None else d_norm.unbind()
        return None, None, d_layer, d_added, *of_norm


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
