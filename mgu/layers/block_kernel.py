"""The kernels of the native engine of blocks: block.c, compiled on first use for each kind; the structs of a call."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import NamedTuple

import torch

from mgu.layers.activation import Activation
from mgu.layers.native_convolution import Convolution
from mgu.layers.row_kernel import find_row_kernel

SOURCE = Path(__file__).with_name("block.c")


class Call(ctypes.Structure):
    """Mirrors `struct call` of block.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        ("convolution", Convolution),
        *((name, ctypes.c_long) for name in ("rows", "channels", "threads", "training")),
        *((name, ctypes.c_double) for name in ("eps", "momentum")),
        *((name, ctypes.c_void_p) for name in ("layer", "added", "weight", "bias", "running_mean", "running_var")),
        *((name, ctypes.c_void_p) for name in ("statistics", "out", "d_out", "d_layer", "d_norm", "d_bias")),
    )


class BlockKind(NamedTuple):
    """Selects a kernel: each kind is compiled by itself.

    Attributes:
        activation: The block's activation.
        dtype: Precision of input, weights and output.
        num_channels: Channels of the layer's output; 0 for a kernel that takes any number.
        norm: One of mgu.layers.block.NORMS.
        num_taps: Values under a window of the convolution that the kernel computes; 0 where it computes none.
    """

    activation: Activation
    dtype: torch.dtype
    num_channels: int = 0
    norm: str = "no_norm"
    num_taps: int = 0


def find_block_kernel(kind: BlockKind) -> ctypes.CDLL | None:
    """Returns the compiled kernel of one kind.

    Args:
        kind: What the kernel is compiled for.

    Returns:
        The library with `forward` and `backward`; None for an activation or a precision that block.c does not have, and
        without a C compiler.
    """
    return find_row_kernel(
        SOURCE,
        Call,
        kind.activation,
        kind.dtype,
        kind.num_channels,
        kind.num_taps,
        NORM=kind.norm.upper(),
    )
