"""The kernels of the native engine: fused.c, compiled on first use for each kind of unit, and the struct of a call."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import NamedTuple

import torch

from mgu.layers.activation import Activation
from mgu.layers.native_convolution import Convolution
from mgu.layers.row_kernel import find_row_kernel

SOURCE = Path(__file__).with_name("fused.c")


class Call(ctypes.Structure):
    """Mirrors `struct call` of fused.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        ("convolution", Convolution),
        *((name, ctypes.c_long) for name in ("rows", "channels", "threads", "training")),
        *((name, ctypes.c_double) for name in ("bn_eps", "ln_eps", "momentum")),
        *((name, ctypes.c_void_p) for name in ("packed", "bypass")),
        *(
            ("centre_channels", ctypes.c_long),
            ("centre_size", ctypes.c_long * 2),
            ("centre_strides", ctypes.c_long * 3),
        ),
        *(("logits", ctypes.c_void_p * 5), ("logit_step", ctypes.c_long)),
        *(("norms", ctypes.c_void_p * 6), ("running", ctypes.c_void_p * 4)),
        *((name, ctypes.c_void_p) for name in ("statistics", "out", "d_out", "d_packed", "d_layer")),
        *((name, ctypes.c_void_p) for name in ("d_bypass", "d_norms", "d_logits", "d_bias", "d_x", "weights", "gates")),
    )


class KernelKind(NamedTuple):
    """Selects a kernel: each kind is compiled by itself.

    Attributes:
        activation: The unit's activation.
        dtype: Precision of input, weights and output.
        num_channels: Channels of the layer's output; 0 for a kernel that takes any number.
        is_reference: Whether the wiring is "reference", not "equations".
        has_residual_gate: Whether the unit has the residual gate.
        has_constant_gates: Whether each gate is one number a channel, or one for all, whatever the input is.
        num_taps: Values under a window of the convolution that the kernel computes; 0 where it computes none.
    """

    activation: Activation
    dtype: torch.dtype
    num_channels: int = 0
    is_reference: bool = False
    has_residual_gate: bool = True
    has_constant_gates: bool = False
    num_taps: int = 0


def find_kernel(kind: KernelKind) -> ctypes.CDLL | None:
    """Returns the compiled kernel of one kind.

    Args:
        kind: What the kernel is compiled for.

    Returns:
        The library with `forward` and `backward`; None for an activation or a precision that fused.c does not have, and
        without a C compiler.
    """
    return find_row_kernel(
        SOURCE,
        Call,
        kind.activation,
        kind.dtype,
        kind.num_channels,
        kind.num_taps,
        REFERENCE=int(kind.is_reference),
        RESIDUAL_GATE=int(kind.has_residual_gate),
        CONSTANT_GATES=int(kind.has_constant_gates),
    )
