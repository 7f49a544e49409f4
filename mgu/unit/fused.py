"""Fused forward and backward of everything after the unit's transforms: an autograd.Function over fused.c.

It keeps the packed outputs of the transforms and four statistics a channel for the backward pass, and recomputes the
rest there: half of what autograd keeps of mgu/unit/mixing.py, which computes the same equations in plain torch, and a
fraction of its passes over memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.packed import has_hooks
from mgu.layers.tracing import refuse_higher_order
from mgu.native.library import threads_for
from mgu.unit.kernel import Call

VALUES_PER_THREAD = 50_000


class Norms(NamedTuple):
    """Holds the three norms of the paper's unit, which the kernel computes itself.

    Attributes:
        before: Batch norm before the activation.
        after: Batch norm after the activation.
        ln: Layer norm.
    """

    before: BatchNorm
    after: BatchNorm
    ln: LayerNorm

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """Weight and bias of each norm, (C,), in the order of `d_norms`."""
        return tuple(tensor for norm in self for tensor in (norm.weight, norm.bias))

    @property
    def statistics(self) -> tuple[Tensor, ...]:
        """Running mean and variance before the activation, then those after it, each (C,)."""
        before, after, _ = self
        return before.running_mean, before.running_var, after.running_mean, after.running_var


def fusing_obstacle(norms: Norms, num_channels: int, x: Tensor) -> str | None:
    """Returns why no kernel can compute the norms on x, as the end of an error message; None where one can."""
    before, after, _ = norms
    if not x.is_cpu or x.numel() == 0 or torch.is_autocast_enabled("cpu"):
        return "on other devices than the CPU, under autocast, and for empty inputs"
    if [type(norm) for norm in norms] != [BatchNorm, BatchNorm, LayerNorm] or any(map(has_hooks, norms)):
        return "where the norms are not the unit's own, or have hooks"
    expected = (num_channels,), x.dtype, x.device
    for tensor in (*norms.parameters, *norms.statistics):
        if (tensor.shape, tensor.dtype, tensor.device) != expected or not tensor.is_contiguous():
            return "where the norms are not one number a channel in the input's precision and place"
    if (before.training, before.momentum, before.eps) != (after.training, after.momentum, after.eps):
        return "where the two batch norms differ in mode, momentum or eps"
    return None


def mix_fused(kernel: ctypes.CDLL, norms: Norms, packed: Tensor, gates: Tensor | None = None) -> Tensor:
    """Mixes the branches of a unit by its gates (Damian and Piciu 2020, eq. 3-19).

    In training mode this updates the running statistics of the batch norms.

    Args:
        kernel: See `find_kernel`.
        norms: The unit's norms.
        packed: Outputs of layer, bypass and gates side by side along the channel axis, gates before their sigmoid; for
            constant gates those of layer and bypass only. On the CPU, in the precision of the kernel.
        gates: Gate values by gate and channel, in (0, 1), for a kernel with constant gates.

    Shape:
        packed: (B, transforms * C, *), or with the channels where the norms have them; gates: (gates, C); returns
        (B, C, *).

    Returns:
        The output of the unit.
    """
    out: Tensor = _Fused.apply(kernel, norms, packed, gates, *norms.parameters)  # (N, C)
    axis = norms.ln.channel_axis
    positions = packed.movedim(axis, -1).shape[:-1]  # (B, *)
    # The view is made here, for one that is made inside of the function must not be changed in place.
    return out.view(*positions, -1).movedim(-1, axis)  # (B, C, *)


class _Fused(torch.autograd.Function):
    """Calls `forward` and `backward` of a kernel on rows, one a position."""

    @staticmethod
    def forward(
        ctx: Any, kernel: ctypes.CDLL, norms: Norms, packed: Tensor, gates: Tensor | None, *parameters: Tensor
    ) -> Tensor:
        last = packed.movedim(norms.ln.channel_axis, -1)  # (B, *, transforms * C)
        rows = last.reshape(-1, last.shape[-1]).contiguous()  # (N, transforms * C); no copy of channels last
        gates = rows.new_empty(0) if gates is None else gates.contiguous()
        num_channels = len(parameters[0])
        statistics, out = rows.new_empty(4, num_channels), rows.new_empty(len(rows), num_channels)
        call = _describe(norms, rows, gates, parameters, statistics)
        call.out = out.data_ptr()
        _run(kernel.forward, call)
        if call.training:
            increment_version(norms.statistics)
        ctx.kernel, ctx.norms, ctx.training, ctx.shape = kernel, norms, call.training, last.shape
        ctx.save_for_backward(rows, gates, statistics, *parameters)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_higher_order(grad, "eager or packed")
        rows, gates, statistics, *parameters = ctx.saved_tensors
        d_out = grad.contiguous()
        # Gradients overwrite the rows, unless another backward pass needs them (retain_graph=True): half the memory.
        keeps_graph = torch._C._autograd._get_current_graph_task_keep_graph()
        d_rows = torch.empty_like(rows) if keeps_graph else rows
        d_layer, d_norms = torch.empty_like(d_out), statistics.new_empty(6, statistics.shape[1])
        d_gates = torch.empty_like(gates)
        call = _describe(ctx.norms, rows, gates, parameters, statistics)
        call.training = ctx.training
        call.d_out, call.d_packed, call.d_layer = d_out.data_ptr(), d_rows.data_ptr(), d_layer.data_ptr()
        call.d_norms, call.d_gates = d_norms.data_ptr(), d_gates.data_ptr()
        _run(ctx.kernel.backward, call)
        d_packed = d_rows.view(ctx.shape).movedim(-1, ctx.norms.ln.channel_axis)  # (B, transforms * C, *)
        return None, None, d_packed, d_gates if ctx.needs_input_grad[3] else None, *d_norms.unbind()


def _run(function: Callable[..., int], call: Call) -> None:
    """Calls a function of a kernel; raises MemoryError where it has run out of memory."""
    if function(ctypes.byref(call)):
        raise MemoryError(f"the native engine has no working memory for {call.channels} channels")


def _describe(norms: Norms, rows: Tensor, gates: Tensor, parameters: Sequence[Tensor], statistics: Tensor) -> Call:
    """Returns the arguments that forward and backward have in common."""
    before, _, ln = norms
    threads = threads_for(rows.numel(), VALUES_PER_THREAD)
    return Call(
        *(len(rows), statistics.shape[1], threads, before.training, before.eps, ln.eps, before.momentum),
        *(tensor.data_ptr() for tensor in (rows, gates, *parameters, *norms.statistics, statistics)),
    )
