"""The read-out of a network in training as one function: mean over positions, dropout and dense layer in one pass.

For a small network they are the smallest part of the arithmetic, but by torch's own operations a tenth of the step.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mgu.layers.link import Link, Linked, draw_mask
from mgu.layers.packed import has_hooks
from mgu.layers.tracing import is_traced, refuse_higher_order
from mgu.native.library import REALS, load, threads_for

SOURCE = Path(__file__).with_name("readout.c")
VALUES_PER_THREAD = 50_000


class Call(ctypes.Structure):
    """Mirrors `struct call` of readout.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("batch", "positions", "channels", "outputs", "threads")),
        *((name, ctypes.c_void_p) for name in ("features", "mask", "weight", "bias", "pooled", "out")),
        *((name, ctypes.c_void_p) for name in ("d_out", "d_features", "d_weight", "d_bias")),
    )


@dataclass(frozen=True)
class ReadOut(Linked):
    """Ends a network of images: `read_out` with its modules.

    Attributes:
        dropout: Zeroes pooled features.
        dense: The read-out proper.
    """

    dropout: nn.Dropout
    dense: nn.Linear

    def __call__(self, features: Tensor) -> Tensor:
        """Computes the logits."""
        return read_out(features, self.dropout, self.dense)

    def link(self, features: Tensor) -> Link | None:
        """Returns the call that computes the logits in training; None where it is not a single one.

        Args:
            features: Output of the last block.
        """
        kernel = _find_kernel(features, self.dropout, self.dense) if self.dropout.training else None
        own = self.dense.weight, self.dense.bias
        return Link(_ReadOut, (self.dropout.p, kernel), (), own) if kernel else None


def read_out(features: Tensor, dropout: nn.Dropout, dense: nn.Linear, native: bool = True) -> Tensor:
    """Computes dense(dropout(mean of the features over all positions)).

    Args:
        features: Output of the last block.
        dropout: Zeroes pooled features at random in training.
        dense: The read-out proper.
        native: Whether to compute it by readout.c where that can be: in training on the CPU, of features whose channels
            are last in memory. It draws the random numbers that torch's dropout draws.

    Shape:
        features: (B, C, H, W); returns (B, K).

    Returns:
        The logits.
    """
    kernel = _find_kernel(features, dropout, dense) if native and dropout.training else None
    if kernel is None:
        logits: Tensor = dense(dropout(features.mean(dim=(2, 3))))
        return logits
    out: Tensor = _ReadOut.apply(dropout.p, kernel, features, dense.weight, dense.bias)
    return out


def _find_kernel(features: Tensor, dropout: nn.Dropout, dense: nn.Linear) -> ctypes.CDLL | None:
    """Returns the compiled read-out; None where it is not made for such features or modules."""
    if type(dense) is not nn.Linear or type(dropout) is not nn.Dropout or has_hooks(dense) or has_hooks(dropout):
        return None
    if torch.compiler.is_compiling() or is_traced(features) or torch.is_autocast_enabled("cpu"):
        return None
    weight, dtype = dense.weight, features.dtype
    if not (features.is_cpu and weight.is_cpu) or dtype not in REALS or weight.dtype != dtype or dense.bias is None:
        return None
    if features.numel() == 0 or not weight.is_contiguous():
        return None
    if not features.is_contiguous(memory_format=torch.channels_last):
        return None
    return load(SOURCE, Call, REAL=REALS[dtype])


class _ReadOut(torch.autograd.Function):
    """Pools, drops and multiplies; keeps the pooled features and the mask for the backward pass."""

    @staticmethod
    def forward(ctx: Any, p: float, kernel: ctypes.CDLL, features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        batch, channels, height, width = features.shape
        pooled = features.new_empty(batch, channels)
        mask = draw_mask(pooled, p)
        out = features.new_empty(batch, weight.shape[0])
        threads = threads_for(features.numel(), VALUES_PER_THREAD)
        addresses = map(_address, (features, mask, weight, bias, pooled, out))
        call = Call(batch, height * width, channels, weight.shape[0], threads, *addresses)
        kernel.forward(ctypes.byref(call))
        ctx.save_for_backward(weight, pooled, mask)
        ctx.call, ctx.kernel, ctx.shape = call, kernel, features.shape
        return out

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        refuse_higher_order(d_out, "eager or packed")
        weight, pooled, mask = ctx.saved_tensors
        d_out = d_out.contiguous()
        d_features = torch.empty(ctx.shape, dtype=d_out.dtype, memory_format=torch.channels_last)
        d_weight, d_bias = torch.empty_like(weight), d_out.new_empty(weight.shape[0])
        call = ctx.call
        call.weight, call.pooled, call.mask = weight.data_ptr(), pooled.data_ptr(), _address(mask)
        call.d_out, call.d_features = d_out.data_ptr(), d_features.data_ptr()
        call.d_weight, call.d_bias = d_weight.data_ptr(), d_bias.data_ptr()
        ctx.kernel.backward(ctypes.byref(call))
        return None, None, d_features, d_weight, d_bias


def _address(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()
