"""Whether Triton can compute a call."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor

OLDEST = (3, 9)  # the version of Triton that these kernels are tested with
OLDEST_GPU = (7, 5)  # compute capability; what Triton compiles for
DTYPES = (torch.float32, torch.float64)
ACTIVATIONS = ("selu", "relu", "silu", "tanh")
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"  # by Triton on the CPU, slowly, to try kernels without a GPU
MOST_CHANNELS = 1024  # a program holds whole rows, which layer normalisation needs, and has so many registers


def is_for_triton(x: Tensor) -> bool:
    """Tells whether Triton, not a C compiler, computes the engine `native` for an input.

    Args:
        x: The input of a unit or block.

    Returns:
        True on CUDA, and where TRITON_INTERPRET=1 asks for Triton's interpreter.
    """
    return x.is_cuda or INTERPRETED


def find_obstacle(x: Tensor, num_channels: int, activation: str | None) -> str | None:
    """Returns why no kernel of this package can compute a call.

    Args:
        x: The input of a unit or block.
        num_channels: Channels of the output of its layer.
        activation: Name of its activation; None for one without a name.

    Returns:
        The reason, as the end of an error message; None where a kernel can.
    """
    if x.dtype not in DTYPES or torch.is_autocast_enabled(x.device.type) or x.numel() == 0:
        return "in half precision, under autocast, and for empty inputs"
    if num_channels > MOST_CHANNELS or activation not in ACTIVATIONS:
        return f"for more than {MOST_CHANNELS} channels, and for activations but {', '.join(ACTIVATIONS)}"
    if not has_triton():
        return f"without Triton of at least version {OLDEST[0]}.{OLDEST[1]}"
    if x.is_cuda and torch.cuda.get_device_capability(x.device) < OLDEST_GPU:
        return f"on GPUs of a compute capability below {OLDEST_GPU[0]}.{OLDEST_GPU[1]}"
    return None


@cache
def has_triton() -> bool:
    """Tells whether Triton is installed, in a version that these kernels are written for; it is not imported."""
    try:
        return tuple(int(part) for part in version("triton").split(".")[:2]) >= OLDEST
    except (PackageNotFoundError, ValueError):
        return False
