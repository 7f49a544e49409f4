"""Which files are locked, without touching a lock: a run that begins must not find its folder locked by a viewer."""

from __future__ import annotations

import os
from pathlib import Path

LOCKS = Path("/proc/locks")  # of Linux: one line a lock, with device and inode of its file
MOUNTS = Path("/proc/self/mountinfo")
OPENED = Path("/proc/self/fdinfo")

Lock = tuple[str, int]  # major:minor number of the device in decimal, and inode


def find_locks() -> frozenset[Lock] | None:
    """Finds the files that a process has locked.

    Returns:
        The files; None where the system does not tell.
    """
    try:
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return None
    files = set()
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] in ("FLOCK", "POSIX", "OFDLCK"):  # not "->": one that waits
            major, minor, inode = words[5].split(":")
            files.add((f"{int(major, 16)}:{int(minor, 16)}", int(inode)))
    return frozenset(files)


def lock_of(file: Path) -> Lock | None:
    """Returns a file as `find_locks` has it; None where there is none.

    Its device is that of the mount, for `os.stat` has another on some file systems (overlayfs, btrfs).

    Args:
        file: The file of a lock.
    """
    try:
        opened = os.open(file, getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)  # O_PATH: no process can notice
    except OSError:
        return None
    try:
        status = os.fstat(opened)
        device, inode = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}", status.st_ino
        try:
            about = dict(line.split(":\t", 1) for line in (OPENED / str(opened)).read_text().splitlines())
            return _device_of(about["mnt_id"].strip()) or device, int(about.get("ino", inode))
        except (OSError, ValueError, KeyError):  # not Linux
            return device, inode
    finally:
        os.close(opened)


def _device_of(mount: str) -> str | None:
    """Returns the device of a mount by its number."""
    for line in MOUNTS.read_text(errors="replace").splitlines():
        number, _, device, *_ = line.split(" ")
        if number == mount:
            return device
    return None
