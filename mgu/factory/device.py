"""The device of a run, and torch's settings for it."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
from functools import cache
from pathlib import Path

import torch

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.native.malloc import keep_freed_memory


def find_device(config: RunConfig) -> torch.device:
    """The configured device; "auto" is CUDA where there is one. Raises UserError for a GPU that is not there."""
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(config.device)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"device must be one of this machine's ({torch.cuda.device_count()} CUDA devices), "
            f"but got {config.device}. Pass device=auto or device=cpu."
        )
    return device


def set_up_torch(config: RunConfig) -> None:
    """Threads, determinism, precision and memory, for this whole process."""
    keep_freed_memory()
    if find_device(config).type == "cuda":
        allow_tf32(config.tf32)
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts, which asks for it
        torch.use_deterministic_algorithms(True)


def allow_tf32(is_allowed: bool) -> None:
    """Whether CUDA may round the factors of float32 products to TF32's 10 bits: in convolutions, and in matrices.

    Stock torch does the one and not the other. Here a run gives the same numbers on every device, but for rounding,
    unless it is configured otherwise: its identity does not say where it ran.
    """
    torch.set_float32_matmul_precision("high" if is_allowed else "highest")
    if hasattr(torch.backends.cudnn, "conv"):  # since torch 2.9, which wants the flag below no more
        torch.backends.cudnn.conv.fp32_precision = "tf32" if is_allowed else "ieee"
    else:
        torch.backends.cudnn.allow_tf32 = is_allowed


def describe_device(config: RunConfig) -> str:
    """For people, and to tell machines apart: the GPU by name, or the processor with the number of threads."""
    device = find_device(config)
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = config.threads or torch.get_num_threads()
    return f"{device} ({_processor()}, {threads} thread{'s' * (threads != 1)})"


@cache
def _processor() -> str:
    """The processor's name, as far as the system tells it."""
    with contextlib.suppress(OSError):
        if names := re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return str(names[0]).strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):  # macOS
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return platform.processor() or platform.machine()
