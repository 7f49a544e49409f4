"""Energy by zeus (https://ml.energy/zeus), which reads the hardware's counters and models nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mgu.errors import UserError
from mgu.measure.instrument import AnyDevice, Reading
from mgu.results.schema.parts import JOULES_PER_KWH

if TYPE_CHECKING:
    from zeus.monitor import ZeusMonitor

WINDOW = "mgu"
GPUS = {"NVIDIAGPUs": "nvml", "AMDGPUs": "amdsmi"}  # zeus's classes, and the library that each reads


class ZeusInstrument:
    """Reads RAPL counters of processor and memory, and the counter of the device's own GPU.

    Args:
        device: The device that works; for a CPU no GPU is counted.

    Raises:
        UserError: There is no counter that this user may read.
    """

    def __init__(self, device: AnyDevice) -> None:
        self._monitor = _build_monitor(device)
        self._gpus = list(self._monitor.gpu_indices)
        first = self._measure()
        self._has_cpu, self._has_ram = bool(first.cpu_energy), bool(first.dram_energy)
        if not (self._has_cpu or self._gpus):
            raise UserError(
                "energy=zeus must have a counter to read, of the processor (RAPL) or of the GPU that trains, but finds "
                "none that it may read. Pass energy=codecarbon, or let this user read /sys/class/powercap."
            )
        self._joules = [0.0, 0.0, 0.0]

    def start(self) -> None:
        """Opens a window, whose energies are added up."""
        self._monitor.begin_window(WINDOW, sync_execution=False)

    def read(self) -> Reading:
        """Returns the energy up to now: closes the window, and opens the next."""
        self._close()
        self.start()
        return self._reading()

    def stop(self) -> Reading | None:
        """Closes the last window."""
        self._close()
        return self._reading()

    @property
    def methods(self) -> dict[str, str]:
        """How the energy of each part is determined."""
        return {
            "cpu": "rapl" if self._has_cpu else "none",
            "gpu": _gpu_method(self._monitor, self._gpus),
            "ram": "rapl" if self._has_ram else "none",
        }

    def design_power(self) -> dict[str, Any]:
        """Returns nothing: no power is assumed."""
        return {}

    def _close(self) -> None:
        measured = self._monitor.end_window(WINDOW, sync_execution=False)  # laps synchronise, see stopwatch.py
        parts = (measured.cpu_energy, measured.gpu_energy, measured.dram_energy)
        self._joules = [so_far + sum((part or {}).values()) for so_far, part in zip(self._joules, parts, strict=True)]

    def _measure(self) -> Any:
        self._monitor.begin_window(WINDOW, sync_execution=False)
        return self._monitor.end_window(WINDOW, sync_execution=False)

    def _reading(self) -> Reading:
        return Reading(*(joules / JOULES_PER_KWH for joules in self._joules))


def _build_monitor(device: AnyDevice) -> ZeusMonitor:
    from zeus.monitor import ZeusMonitor  # an optional dependency, which takes a second to import

    logging.getLogger("zeus").setLevel(logging.ERROR)
    # Indices of CUDA, which zeus maps by CUDA_VISIBLE_DEVICES itself.
    gpus = [getattr(device, "index", None) or 0] if device.type == "cuda" else []
    return ZeusMonitor(gpu_indices=gpus)


def _gpu_method(monitor: ZeusMonitor, indices: list[int]) -> str:
    """Returns the library that is read, and whether it has a counter or powers are added up."""
    if not indices:
        return "none"
    library = GPUS.get(type(monitor.gpus).__name__, "nvml")
    has_counter = all(monitor.gpus.supports_get_total_energy_consumption(index) for index in indices)
    return f"{library}_{'counter' if has_counter else 'power'}"
