"""Keep memory that was freed for the next step, which will want as much.

glibc hands large blocks back to the system, and the system clears every page before it gives it out again: for a unit
of some layers that costs a tenth of a training step. Where there is no glibc nothing happens.
"""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # names of glibc's malloc.h


def keep_freed_memory() -> None:
    """For this whole process, from now on: freed memory is not given back. Only for one that trains and then ends."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
