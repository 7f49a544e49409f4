"""Readings of a GPU by NVML: how busy it is, its memory, its power."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)
MIB = 2**20


class GpuReading(NamedTuple):
    """Holds one reading; None for what the GPU does not tell.

    Attributes:
        busy: Share of the last moments, 1/6 s to 1 s by model, in which a kernel ran, in 0..1.
        memory_mib: Memory in use in MiB, by any program.
        power_w: Power in watts.
    """

    busy: float | None
    memory_mib: float | None
    power_w: float | None


class GpuReader:
    """Reads one GPU.

    Args:
        library: pynvml, or what stands in for it.
        index: NVML's index of the GPU.
    """

    def __init__(self, library: Any, index: int) -> None:
        library.nvmlInit()
        self._library, self._handle = library, library.nvmlDeviceGetHandleByIndex(index)

    def read(self) -> GpuReading:
        """Reads the GPU now; takes about a millisecond."""
        busy = self._ask(lambda: self._library.nvmlDeviceGetUtilizationRates(self._handle).gpu / 100)
        memory = self._ask(lambda: self._library.nvmlDeviceGetMemoryInfo(self._handle).used / MIB)
        power = self._ask(lambda: self._library.nvmlDeviceGetPowerUsage(self._handle) / 1000)
        return GpuReading(None if busy is None else min(busy, 1.0), memory, power)

    def _ask(self, question: Callable[[], float]) -> float | None:
        try:
            return float(question())
        except self._library.NVMLError:  # such as of a GPU that is shared and does not tell
            return None


def nvml_index(device: torch.device) -> int:
    """Returns NVML's index of a CUDA device, found by UUID: CUDA_VISIBLE_DEVICES renumbers CUDA's own.

    Args:
        device: The device.

    Returns:
        The index.

    Raises:
        RuntimeError: NVML does not list the device.
    """
    import pynvml
    import torch

    uuid = str(torch.cuda.get_device_properties(device).uuid)
    pynvml.nvmlInit()
    for index in range(pynvml.nvmlDeviceGetCount()):
        if uuid in str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index))):
            return index
    raise RuntimeError(f"NVML does not list the GPU {uuid}.")


def open_gpu(device: torch.device) -> GpuReader | None:
    """Opens the GPU that trains.

    Args:
        device: The device that trains.

    Returns:
        Its reader; None for a CPU, and, with a warning in the log, where NVML does not work.
    """
    if device.type != "cuda":
        return None
    try:
        import pynvml

        return GpuReader(pynvml, nvml_index(device))
    except Exception as error:  # whatever the driver says: a run is not given up for its load
        log.warning("the load of the GPU is not known: %s", error)
        return None
