"""Times at which folders and files were changed, from which it is seen whether there is anything to read."""

from __future__ import annotations

import time
from pathlib import Path

SETTLED_S = 0.1  # a folder that changed as lately may change again within the resolution of its time


def is_settled(stamp: int) -> bool:
    """Returns whether a time, in nanoseconds, is so long ago that a further change would have a later one."""
    return time.time() - stamp / 1e9 > SETTLED_S


def stamp_of(file: Path) -> int:
    """Returns the time of a file's last change in nanoseconds; -1 where there is no file."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return -1
