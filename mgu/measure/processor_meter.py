"""Processor time of this process and load of the whole machine, which cost nothing to read."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import torch

from mgu.native.processor import processor_name
from mgu.results.schema.processor import Processor


class ProcessorMeter:
    """Counts processor time from its construction on."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s, self._times = time.perf_counter(), time.process_time(), machine_times()

    def so_far(self) -> Processor:
        """Returns the use of the processor up to now; no power is assumed of it."""
        busy, total = (now - then for now, then in zip(machine_times(), self._times, strict=True))
        return Processor(
            seconds=time.process_time() - self._cpu_s,
            wall_s=time.perf_counter() - self._wall_s,
            load=min(max(busy / total, 0.0), 1.0) if total > 0 else None,
            count=os.cpu_count() or 1,
            threads=torch.get_num_threads(),
            name=processor_name(),
        )


def machine_times() -> tuple[float, float]:
    """Returns the busy and all ticks of all processors; zeros where the system does not tell them (not Linux)."""
    with suppress(OSError, ValueError):
        ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)  # without idle and waiting for disks
    return 0.0, 0.0
