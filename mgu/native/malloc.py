"""Keeping freed memory in the process, for the next training step needs as much.

glibc returns large blocks to the operating system, which clears every page before it hands it out again: for a network
of a few units that costs a tenth of a training step.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names of glibc's malloc.h


def keep_freed_memory() -> None:
    """Makes glibc keep freed memory, for the rest of this process; does nothing where there is no glibc.

    It is meant for a process that trains and then ends.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
