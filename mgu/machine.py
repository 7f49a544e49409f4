"""What this machine lets its processes have: cores, and memory that is still free. On Linux, containers count."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

PROC, CGROUP = Path("/proc"), Path("/sys/fs/cgroup")
PRIVATE = ("Private_Clean", "Private_Dirty", "SwapPss")  # what a fork does not share with its server
NO_LIMIT = 2**60  # version 1 of control groups has a number near 2^63 for it


def count_cores() -> int:
    """Counts the processors that this process may use.

    Returns:
        Those of its affinity, or as many as its control group has the time of, if that is fewer; at least 1.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _groups("cpu") if (quota := _read_quota(folder))]
    return max(min(cores, *(int(quota) for quota in quotas)) if quotas else cores, 1)


def free_memory() -> int | None:
    """Returns the memory that processes can still have, of the machine and of the control group.

    Returns:
        Bytes, the least of what both leave; None if not known.
    """
    free = [_read_fields(PROC / "meminfo").get("MemAvailable")]
    free += [_read_room(folder) for folder in _groups("memory")]
    return min((value for value in free if value is not None), default=None)


def private_memory(pid: int) -> int | None:
    """Returns the memory that a process shares with no other.

    Args:
        pid: The process.

    Returns:
        Bytes, those that are swapped out included; None where that is not known.
    """
    fields = _read_fields(PROC / str(pid) / "smaps_rollup")
    return sum(fields.get(name, 0) for name in PRIVATE) if fields else None


def _read_fields(file: Path) -> dict[str, int]:
    """Reads the bytes of lines such as `MemAvailable:  123 kB`; none where the file cannot be read."""
    with suppress(OSError):
        fields = re.findall(r"^(\w+): +(\d+) kB$", file.read_text(), re.MULTILINE)
        return {name: int(number) * 1024 for name, number in fields}
    return {}


def _groups(controller: str) -> list[Path]:
    """Returns the folders of this process's control group and of those that it is part of, in either version."""
    with suppress(OSError):
        for line in (PROC / "self" / "cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if names == "" or controller in names.split(","):
                root = CGROUP / controller if names else CGROUP
                group = root / path.lstrip("/")
                folders = [group, *(parent for parent in group.parents if parent.is_relative_to(root))]
                if any(folder.is_dir() for folder in folders):
                    return folders
    return []


def _read_quota(folder: Path) -> float | None:
    """Returns the processors whose time a control group may use; None for no limit."""
    words = _read_words(folder / "cpu.max") or [
        *_read_words(folder / "cpu.cfs_quota_us"),
        *_read_words(folder / "cpu.cfs_period_us"),
    ]
    if len(words) == 2 and words[0].isdecimal() and int(words[1]):
        return int(words[0]) / int(words[1])
    return None


def _read_room(folder: Path) -> int | None:
    """Returns the bytes that a control group may still take; None for no limit. What caches hold can be had back."""
    limit, used = (
        _read_words(folder / new) or _read_words(folder / old)
        for new, old in (("memory.max", "memory.limit_in_bytes"), ("memory.current", "memory.usage_in_bytes"))
    )
    if not (limit and used and limit[0].isdecimal()) or int(limit[0]) >= NO_LIMIT:
        return None
    statistics = _read_words(folder / "memory.stat")
    by_name = dict(zip(statistics[::2], statistics[1::2], strict=False))
    cached = by_name.get("total_inactive_file") or by_name.get("inactive_file") or "0"
    return max(int(limit[0]) - int(used[0]) + int(cached), 0)


def _read_words(file: Path) -> list[str]:
    with suppress(OSError):
        return file.read_text().split()
    return []
