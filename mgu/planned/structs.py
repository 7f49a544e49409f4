"""The structures that planned.c is called with, and the compiled library."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch

from mgu.native.library import REALS, load

SOURCE = Path(__file__).with_name("planned.c")
CONVOLVE, NORMALISE, COMBINE, POOL = range(4)
NONE = -1  # in the place of a parameter's number
Pair = ctypes.c_long * 2


class Place(ctypes.Structure):
    """Mirrors `struct place` of planned.h: an array among the values, and its gradient among the gradients."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("value", "gradient", "adds"))


class Step(ctypes.Structure):
    """Mirrors `struct step` of planned.h."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("kind", "in_channels", "channels", "parameter")),
        *((name, Pair) for name in ("in_size", "out_size", "kernel", "stride", "padding")),
        ("weight_strides", ctypes.c_long * 4),
        *((name, Place) for name in ("source", "target")),
        *((name, ctypes.c_long) for name in ("norm", "statistics", "first_term", "num_terms", "rectifies")),
    )


class Term(ctypes.Structure):
    """Mirrors `struct term` of planned.h."""

    _fields_ = (("source", Place), ("parameter", ctypes.c_long), ("factor", ctypes.c_double))


class Call(ctypes.Structure):
    """Mirrors `struct call` of planned.h; mgu/native/layout.py checks that it does."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("steps", "terms", "norms")),
        *((name, ctypes.c_long) for name in ("num_steps", "channels", "images", "at_once", "threads")),
        *((name, Place) for name in ("input", "output")),
        *((name, Pair) for name in ("in_shape", "out_shape")),
        ("x_strides", ctypes.c_long * 3),
        *((name, ctypes.c_void_p) for name in ("parameters", "d_parameters", "values", "gradients", "statistics")),
        *((name, ctypes.c_void_p) for name in ("x", "d_out", "out", "d_x")),
    )


def find_library(dtype: torch.dtype) -> ctypes.CDLL | None:
    """Returns the compiled planned.c.

    Args:
        dtype: Precision of all numbers.

    Returns:
        The library; None for other precisions than single and double, and without a C compiler.
    """
    return load(SOURCE, Call, REAL=REALS[dtype]) if dtype in REALS else None


def width_of(library: ctypes.CDLL) -> int:
    """Returns the number of images of a block."""
    return ctypes.c_long.in_dll(library, "width").value
