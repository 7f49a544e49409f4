"""The unit after its transforms as one function with a backward of its own, compiled from mixing.c.

It keeps the packed outputs of the transforms and four statistics a channel, and computes the rest again on the way
back: half of what autograd keeps of MultiGatedUnit._mix, which is the same equations in plain torch, and a fraction of
the passes over memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.layers.activation import Activation
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.packed import has_hooks
from mgu.native.library import REALS, load, threads_for

ACTIVATIONS: dict[Activation, str] = {F.selu: "SELU", F.relu: "RELU", F.silu: "SILU", F.tanh: "TANH"}
VALUES_PER_THREAD = 50_000
FEW_CHANNELS = 64  # up to here their number is known to the compiler, which unrolls loops; a quarter faster
SOURCE = Path(__file__).with_name("fused.c")


class _Call(ctypes.Structure):
    """`struct call` of mixing.c."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("rows", "channels", "threads", "training")),
        *((name, ctypes.c_double) for name in ("bn_eps", "ln_eps", "momentum")),
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("packed", "gates", "bn_before_weight", "bn_before_bias", "bn_after_weight", "bn_after_bias"),
                *("ln_weight", "ln_bias", "bn_before_running_mean", "bn_before_running_var"),
                *("bn_after_running_mean", "bn_after_running_var", "statistics", "out"),
                *("d_out", "d_packed", "d_layer", "d_norms", "d_gates"),
            )
        ),
    )


class Norms(NamedTuple):
    """The unit's three norms, whose computation is part of the function."""

    before: BatchNorm
    after: BatchNorm
    ln: LayerNorm

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """In the order of `d_norms`."""
        return tuple(tensor for norm in self for tensor in (norm.weight, norm.bias))

    @property
    def statistics(self) -> tuple[Tensor, ...]:
        """The running ones: mean and variance before the activation, mean and variance after it."""
        before, after, _ = self
        return before.running_mean, before.running_var, after.running_mean, after.running_var


def find_kernel(
    activation: Activation,
    reference: bool,
    residual_gate: bool,
    constant_gates: bool,
    channels: int,
    dtype: torch.dtype,
) -> ctypes.CDLL | None:
    """The compiled function for one kind of unit; None for an activation or precision that it lacks, or no compiler.

    constant_gates: whether the gates are one number a channel, and given by themselves.
    """
    if activation not in ACTIVATIONS or dtype not in REALS:
        return None
    words = {"REAL": REALS[dtype], "ACTIVATION": ACTIVATIONS[activation]}
    known = channels if channels <= FEW_CHANNELS else 0
    choices = {"REFERENCE": reference, "RESIDUAL_GATE": residual_gate, "CONSTANT_GATES": constant_gates}
    return load(SOURCE, **words, **{name: int(value) for name, value in choices.items()}, CHANNELS=known)


def why_not_fused(norms: Norms, num_channels: int, x: Tensor) -> str | None:
    """Where the function cannot stand for the norms on x, in words; None where it can."""
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
    """The output of the unit from the packed outputs of its transforms: layer, bypass, gates in order of computation.

    packed: (B, transforms * C, *) with the channels where the norms have them, in the kernel's precision, on the CPU.
    gates: (gates, C), how far each is open, for a kernel for constant ones: `packed` is of layer and bypass then.
    In training mode this updates the running statistics.
    """
    out: Tensor = _Fused.apply(kernel, norms, packed, gates, *norms.parameters)  # (N, C)
    axis = norms.ln.channel_axis
    positions = packed.movedim(axis, -1).shape[:-1]
    return out.view(*positions, -1).movedim(-1, axis)  # not a view made inside, which must not be changed in place


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, kernel: ctypes.CDLL, norms: Norms, packed: Tensor, gates: Tensor | None, *parameters: Tensor
    ) -> Tensor:
        axis = norms.ln.channel_axis
        last = packed.movedim(axis, -1)
        rows = last.reshape(-1, last.shape[-1]).contiguous()  # (N, transforms * C); no copy of channels last
        gates = rows.new_empty(0) if gates is None else gates.contiguous()
        channels = len(parameters[0])
        statistics, out = rows.new_empty(4, channels), rows.new_empty(len(rows), channels)
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
        if torch.is_grad_enabled():  # by create_graph=True; silence would mean second derivatives that lack a part
            raise RuntimeError(
                "engine must be eager or packed for second derivatives, but got native. Set unit.engine."
            )
        if torch._C._functorch.is_batchedtensor(grad) or torch._C._functorch.is_legacy_batchedtensor(grad):
            raise RuntimeError("engine must be eager or packed for batched gradients, but got native. Set unit.engine.")
        axis = ctx.norms.ln.channel_axis
        rows, gates, statistics, *parameters = ctx.saved_tensors
        d_out = grad.contiguous()
        # In place, unless somebody will want the rows once more (retain_graph=True): half the memory, and less traffic.
        keeps = torch._C._autograd._get_current_graph_task_keep_graph()
        d_rows = torch.empty_like(rows) if keeps else rows
        d_layer, d_norms = torch.empty_like(d_out), statistics.new_empty(6, statistics.shape[1])
        d_gates = torch.empty_like(gates)
        call = _describe(ctx.norms, rows, gates, parameters, statistics)
        call.training = ctx.training
        call.d_out, call.d_packed, call.d_layer = d_out.data_ptr(), d_rows.data_ptr(), d_layer.data_ptr()
        call.d_norms, call.d_gates = d_norms.data_ptr(), d_gates.data_ptr()
        _run(ctx.kernel.backward, call)
        d_packed = d_rows.view(ctx.shape).movedim(-1, axis)
        return None, None, d_packed, d_gates if ctx.needs_input_grad[3] else None, *d_norms.unbind()


def _run(function: Callable[..., int], call: _Call) -> None:
    if function(ctypes.byref(call)):
        raise MemoryError(f"a unit's working memory, some numbers a channel ({call.channels}) and thread")


def _describe(norms: Norms, rows: Tensor, gates: Tensor, parameters: Any, statistics: Tensor) -> _Call:
    before, _, ln = norms
    threads = threads_for(rows.numel(), VALUES_PER_THREAD)
    return _Call(
        *(len(rows), statistics.shape[1], threads, before.training, before.eps, ln.eps, before.momentum),
        *(tensor.data_ptr() for tensor in (rows, gates, *parameters, *norms.statistics, statistics)),
    )
