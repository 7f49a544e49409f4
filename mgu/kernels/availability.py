"""Whether Triton can compute a call."""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor

log = logging.getLogger(__name__)

OLDEST = (3, 9)  # the version of Triton that these kernels are tested with
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
    return launch_obstacle(x.device) if x.is_cuda else None


@cache
def launch_obstacle(device: torch.device) -> str | None:
    """Returns why Triton cannot launch kernels on a GPU, as the end of an error message; None where it can.

    Args:
        device: The GPU.

    Returns:
        The reason, which is logged, too, for then runs are slower; or None.
    """
    try:
        from mgu.kernels.probe import probe  # imports Triton

        probe(device)
    except Exception as error:  # whatever it lacks: a C compiler, a folder, support for this GPU
        reason = str(error).strip().partition("\n")[0]
        log.warning("no Triton kernels on %s, which are the fastest there: %s", device, reason)
        return f"where Triton fails ({reason})"
    return None


@cache
def has_triton() -> bool:
    """Tells whether Triton is installed, in a version that these kernels are written for; it is not imported."""
    try:
        return tuple(int(part) for part in version("triton").split(".")[:2]) >= OLDEST
    except (PackageNotFoundError, ValueError):
        return False
