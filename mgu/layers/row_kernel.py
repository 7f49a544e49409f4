"""Compiling the C kernels over rows, block.c and mgu/unit/fused.c: what both know of activations and precisions."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

from mgu.layers.activation import NAMES_IN_C, Activation
from mgu.native.library import REALS, channels_macro, load


def find_row_kernel(
    source: Path,
    mirror: type[ctypes.Structure],
    activation: Activation,
    dtype: torch.dtype,
    num_channels: int,
    num_taps: int,
    **macros: str | int,
) -> ctypes.CDLL | None:
    """Returns a kernel, compiled on first use.

    Args:
        source: The C file.
        mirror: The ctypes structure of a call.
        activation: What the kernel applies.
        dtype: Precision of input, weights and output.
        num_channels: Channels of the layer's output; 0 for a kernel that takes any number.
        num_taps: Values under a window of the convolution that the kernel computes; 0 where it computes none.
        **macros: The file's own macros.

    Returns:
        The library with `forward` and `backward`; None for an activation or a precision that the C files do not have,
        and without a C compiler.
    """
    if activation not in NAMES_IN_C or dtype not in REALS:
        return None
    macros |= {"REAL": REALS[dtype], "ACTIVATION": NAMES_IN_C[activation]}
    macros |= {"TAPS": num_taps, "CHANNELS": channels_macro(num_channels)}
    return load(source, mirror, **macros)
