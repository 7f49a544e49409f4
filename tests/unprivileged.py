"""Has a test that runs as root, as in a container, meet the permissions of files as everybody else does."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

VERSION = 0x20080522  # of linux/capability.h
PASS_BY = (1 << 1) | (1 << 2) | (1 << 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
PR_SET_SECUREBITS, NO_SETUID_FIXUP = 28, 4  # else os.access goes by what root may have, not by what it has


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


_Sets = ctypes.c_uint32 * 6  # effective, permitted and inheritable, of the first 32 capabilities and of the others


@contextmanager
def unprivileged() -> Iterator[None]:
    """Takes the right to pass by permissions from this thread while the block runs; needs Linux only as root."""
    if os.geteuid() != 0:
        yield
        return
    library, header, before, now = ctypes.CDLL(None, use_errno=True), _Header(VERSION, 0), _Sets(), _Sets()
    assert library.capget(ctypes.byref(header), before) == 0, os.strerror(ctypes.get_errno())
    ctypes.memmove(now, before, ctypes.sizeof(before))
    now[0] &= ~PASS_BY
    assert library.prctl(PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    assert library.capset(ctypes.byref(header), now) == 0, os.strerror(ctypes.get_errno())
    try:
        yield
    finally:
        library.capset(ctypes.byref(header), before)
        library.prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)
