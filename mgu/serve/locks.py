"""Which files are locked, without touching a lock: a run that begins must not find its folder locked by a viewer."""

from __future__ import annotations

from pathlib import Path

LOCKS = Path("/proc/locks")  # of Linux: one line a lock, with device and inode of its file


def locked_inodes() -> frozenset[int] | None:
    """Returns the inodes of all files that a process has locked; None where the system does not tell."""
    try:
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return None
    found = set()
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] in ("FLOCK", "POSIX", "OFDLCK"):  # not "->": one that waits
            found.add(int(words[5].rpartition(":")[2]))
    return frozenset(found)
