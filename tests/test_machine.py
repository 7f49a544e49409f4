"""What a machine or a container lets its processes have, by files like those of Linux."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mgu.machine import count_cores, free_memory, private_memory

MIB = 1 << 20
Files = Callable[[dict[str, str]], None]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Stands in for /proc and /sys/fs/cgroup; eight processors."""
    monkeypatch.setattr("mgu.machine.PROC", tmp_path / "proc")
    monkeypatch.setattr("mgu.machine.CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)

    def write(texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    return write


def test_without_limits_a_process_has_its_affinity_and_the_machines_memory(files: Files) -> None:
    assert count_cores() == 8 and free_memory() is private_memory(1) is None
    files({"proc/meminfo": "MemTotal:       9999 kB\nMemAvailable:   2048 kB\n"})
    assert free_memory() == 2 * MIB


def test_a_container_of_either_version_has_what_its_groups_allow(files: Files) -> None:
    files({"proc/meminfo": "MemAvailable:  1048576 kB\n", "proc/self/cgroup": "0::/a/b\n"})
    files({"cgroup/a/cpu.max": "250000 100000\n", "cgroup/a/b/cpu.max": "max 100000\n"})
    files({"cgroup/a/b/memory.max": f"{100 * MIB}\n", "cgroup/a/b/memory.current": f"{60 * MIB}\n"})
    files({"cgroup/a/b/memory.stat": f"anon 1\ninactive_file {10 * MIB}\n", "cgroup/a/memory.max": "max\n"})
    assert count_cores() == 2 and free_memory() == 50 * MIB  # what caches hold can be had back
    files({"proc/self/cgroup": "3:cpu,cpuacct:/x\n2:memory:/not/seen/here\n1:name=systemd:/\n"})
    files({"cgroup/cpu/x/cpu.cfs_quota_us": "50000\n", "cgroup/cpu/x/cpu.cfs_period_us": "100000\n"})
    files({"cgroup/memory/memory.limit_in_bytes": f"{70 * MIB}\n", "cgroup/memory/memory.usage_in_bytes": "0\n"})
    assert count_cores() == 1 and free_memory() == 70 * MIB
    files({"cgroup/cpu/x/cpu.cfs_quota_us": "-1\n", "cgroup/memory/memory.limit_in_bytes": f"{2**63 - 4096}\n"})
    assert count_cores() == 8 and free_memory() == 1024 * MIB


def test_what_a_process_shares_with_its_server_is_not_its_own(files: Files) -> None:
    files({"proc/7/smaps_rollup": "Rss:  900 kB\nShared_Dirty: 500 kB\nPrivate_Clean: 24 kB\nPrivate_Dirty: 1000 kB\n"})
    assert private_memory(7) == MIB and private_memory(8) is None
