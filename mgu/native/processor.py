"""The processor of this machine: its name, and the instruction sets that compiled code may depend on."""

from __future__ import annotations

import contextlib
import platform
import subprocess
from functools import cache
from pathlib import Path


@cache
def processor_name() -> str:
    """Returns the processor's name, as far as the system tells it."""
    for line in _cpuinfo("model name"):
        return line.partition(":")[2].strip()
    with contextlib.suppress(OSError, subprocess.SubprocessError):  # macOS
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    return platform.processor() or platform.machine()


@cache
def processor_features() -> str:
    """Returns the architecture and the lines that list instruction sets, which decide what `-march=native` means."""
    lines = sorted(set(_cpuinfo("flags", "Features")))
    return platform.machine() + ("".join(lines) or f" {platform.processor()}")


@cache
def is_virtual() -> bool:
    """Tells whether this is a virtual machine, as far as an x86 processor tells it; False where nothing does."""
    return any("hypervisor" in line.split() for line in _cpuinfo("flags"))


@cache
def has_narrow_mkl() -> bool:
    """Tells whether MKL leaves half of a vector unused: on processors of AMD with 512 bits, as far as they say so."""
    is_amd = any("AuthenticAMD" in line for line in _cpuinfo("vendor_id"))
    return is_amd and any("avx512f" in line.split() for line in _cpuinfo("flags"))


def _cpuinfo(*keys: str) -> list[str]:
    """Returns the lines of /proc/cpuinfo, which Linux has, that begin with one of `keys`."""
    with contextlib.suppress(OSError):
        return [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(keys)]
    return []
