"""A planned network as one autograd.Function: one call of planned.c forward, and one backward."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.layers.tracing import refuse_higher_order
from mgu.native.library import run_kernel
from mgu.planned.plan import Plan
from mgu.planned.structs import Call, width_of


def apply_plan(plan: Plan, library: ctypes.CDLL, x: Tensor) -> Tensor:
    """Computes a network; in training mode this updates the running statistics of its batch norms.

    Args:
        plan: Its plan.
        library: The compiled planned.c in the precision of x.
        x: The input.

    Shape:
        x: (B, C, H, W); returns (B, C', H' * W').

    Returns:
        The output.
    """
    tensors = plan.tensors()
    out: Tensor = _Planned.apply(plan, library, x, tensors, *(tensors[number] for number in plan.trained))
    return out


class _Planned(torch.autograd.Function):
    """Keeps all values of the network for the backward pass, none of what is computed there."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, library: ctypes.CDLL, x: Tensor, tensors: list[Tensor], *trained: Tensor
    ) -> Tensor:
        norms = (ctypes.c_double * (3 * max(len(plan.norms), 1)))()
        norms[: 3 * len(plan.norms)] = [n for norm in plan.norms for n in (norm.training, norm.momentum, norm.eps)]
        training = [norm for norm in plan.norms if norm.training]
        width, keeps = width_of(library), any(ctx.needs_input_grad)
        at_once = len(x) if training or keeps else min(len(x), width)  # statistics are those of all images
        call, blocks = Call.from_buffer_copy(plan.call), -(-at_once // width)
        values, statistics = x.new_empty(plan.sizes[0] * blocks), x.new_empty(plan.num_statistics)
        out = x.new_empty(len(x), *plan.call.out_shape)
        call.images, call.at_once, call.threads = len(x), at_once, torch.get_num_threads()
        flat = x if x.is_contiguous() or x.stride(2) == x.shape[3] * x.stride(3) else x.contiguous()
        call.x, call.x_strides = flat.data_ptr(), (flat.stride(0), flat.stride(1), flat.stride(3))
        call.out = out.data_ptr()
        addresses = _addresses([tensor.data_ptr() for tensor in tensors])
        _point(call, norms, addresses, values, statistics)
        run_kernel(library.forward, call)
        if training:
            increment_version([buffer for norm in training for buffer in (norm.running_mean, norm.running_var)])
        if keeps:
            ctx.save_for_backward(values, statistics, *trained)
            ctx.plan, ctx.library, ctx.call, ctx.norms, ctx.addresses = plan, library, call, norms, addresses
            ctx.shape, ctx.tensors = x.shape, tensors  # running statistics must not be freed: they are pointed to
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_higher_order(grad, "eager")
        plan: Plan = ctx.plan
        values, statistics, *trained = ctx.saved_tensors
        call, blocks = Call.from_buffer_copy(ctx.call), values.numel() // plan.sizes[0]
        d_trained = [torch.empty_like(tensor) for tensor in trained]
        table = [0] * len(plan.holders)
        for number, tensor in zip(plan.trained, d_trained, strict=True):
            table[number] = tensor.data_ptr()
        d_addresses = _addresses(table)
        d_out, gradients = grad.contiguous(), values.new_empty(plan.sizes[1] * blocks)
        d_x = values.new_empty(ctx.shape) if ctx.needs_input_grad[2] else None
        _point(call, ctx.norms, ctx.addresses, values, statistics)
        call.d_parameters, call.gradients = ctypes.addressof(d_addresses), gradients.data_ptr()
        call.d_out, call.d_x = d_out.data_ptr(), None if d_x is None else d_x.data_ptr()
        run_kernel(ctx.library.backward, call)
        return None, None, d_x, None, *d_trained


def _addresses(values: list[int]) -> Any:
    return (ctypes.c_void_p * max(len(values), 1))(*values)


def _point(call: Call, norms: Any, addresses: Any, values: Tensor, statistics: Tensor) -> None:
    """Tells a call where its tables and numbers are."""
    call.norms, call.parameters = ctypes.addressof(norms), ctypes.addressof(addresses)
    call.values, call.statistics = values.data_ptr(), statistics.data_ptr()
