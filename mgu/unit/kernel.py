"""The kernels of the native engine: fused.c, compiled on first use for each kind of unit, and the struct of a call."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import NamedTuple

import torch

from mgu.layers.activation import NAMES_IN_C, Activation
from mgu.native.library import REALS, channels_macro, load

SOURCE = Path(__file__).with_name("fused.c")


class Call(ctypes.Structure):
    """Mirrors `struct call` of fused.c; mgu/native/layout.py checks that it does."""

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


class KernelKind(NamedTuple):
    """Selects a kernel: each kind is compiled by itself.

    Attributes:
        activation: The unit's activation.
        dtype: Precision of input, weights and output.
        num_channels: Channels of the layer's output; 0 for a kernel that takes any number.
        is_reference: Whether the wiring is "reference", not "equations".
        has_residual_gate: Whether the unit has the residual gate.
        has_constant_gates: Whether each gate is one number a channel, or one for all, whatever the input is.
    """

    activation: Activation
    dtype: torch.dtype
    num_channels: int = 0
    is_reference: bool = False
    has_residual_gate: bool = True
    has_constant_gates: bool = False


def find_kernel(kind: KernelKind) -> ctypes.CDLL | None:
    """Returns the compiled kernel of one kind.

    Args:
        kind: What the kernel is compiled for.

    Returns:
        The library with `forward` and `backward`; None for an activation or a precision that fused.c does not have, and
        without a C compiler.
    """
    if kind.activation not in NAMES_IN_C or kind.dtype not in REALS:
        return None
    macros: dict[str, str | int] = {
        "REAL": REALS[kind.dtype],
        "ACTIVATION": NAMES_IN_C[kind.activation],
        "REFERENCE": int(kind.is_reference),
        "RESIDUAL_GATE": int(kind.has_residual_gate),
        "CONSTANT_GATES": int(kind.has_constant_gates),
        "CHANNELS": channels_macro(kind.num_channels),
    }
    return load(SOURCE, Call, **macros)
