"""The device of a run, and torch's settings for it."""

from __future__ import annotations

import os

import torch

from mgu.errors import UserError
from mgu.native.malloc import keep_freed_memory
from mgu.native.processor import processor_name
from mgu.text.agree import agree


def find_device(name: str) -> torch.device:
    """Returns the device that a configuration names.

    Args:
        name: "auto" (CUDA where there is any, else the CPU), "cpu", "cuda" or "cuda:N".

    Returns:
        The device; a GPU is not initialised.

    Raises:
        UserError: This machine has no such GPU.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"device must be one of this machine's ({torch.cuda.device_count()} CUDA devices), "
            f"but got {name}. Pass device=auto or device=cpu."
        )
    return device


def set_up_torch(device: torch.device, threads: int | None, deterministic: bool, tf32: bool) -> None:
    """Sets threads, determinism, precision and memory for this whole process.

    Args:
        device: Where models will be computed.
        threads: Number of CPU threads; None leaves their number to torch.
        deterministic: Whether CUDA may use deterministic algorithms only; the CPU always does.
        tf32: Whether CUDA may round the factors of products to 10 bits, see `allow_tf32`.
    """
    keep_freed_memory()
    flush_subnormals()
    if device.type == "cuda":
        allow_tf32(tf32)
    if threads:
        torch.set_num_threads(threads)
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts, which asks for it
        torch.use_deterministic_algorithms(True)


def flush_subnormals() -> None:
    """Has the CPU take numbers too small for full precision, below 1.2e-38 in single precision, for zero.

    Processors compute with them many times as slowly. They come where gradients vanish, as behind gates that have
    closed, and stay in the moments of weights that have no gradient any more: rounding keeps the least of them where
    they are. Threads have the setting of the one that starts them, so it is for a process that has computed nothing.
    """
    torch.set_flush_denormal(True)


def allow_tf32(is_allowed: bool) -> None:
    """Decides whether CUDA may round the factors of float32 products to TF32's 10 bits.

    Stock torch does so in convolutions and not in matrix products. Here a run gives the same numbers on every device,
    but for rounding, unless it is configured otherwise: its identity does not say where it ran.

    Args:
        is_allowed: For convolutions and matrix products alike.
    """
    torch.set_float32_matmul_precision("high" if is_allowed else "highest")
    if hasattr(torch.backends.cudnn, "conv"):  # since torch 2.9, which deprecates the flag below
        torch.backends.cudnn.conv.fp32_precision = "tf32" if is_allowed else "ieee"
    else:
        torch.backends.cudnn.allow_tf32 = is_allowed


def describe_device(device: torch.device, threads: int | None = None) -> str:
    """Returns the device as results record it, by which machines are told apart.

    Args:
        device: A CUDA device or the CPU.
        threads: Number of CPU threads; None for the number that torch uses.

    Returns:
        The GPU by its name, or the processor with the number of threads.
    """
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = threads or torch.get_num_threads()
    return f"{device} ({processor_name()}, {threads} {agree(threads, 'thread', 'threads')})"
