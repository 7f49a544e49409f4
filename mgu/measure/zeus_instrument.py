"""Energy by zeus (https://ml.energy/zeus), which reads the hardware's counters and models nothing."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mgu.errors import UserError
from mgu.measure.instrument import AnyDevice, Reading
from mgu.results.schema.parts import JOULES_PER_KWH

if TYPE_CHECKING:
    from zeus.monitor import ZeusMonitor

WINDOW = "mgu"
PLATFORM = "psys"  # a zone of Intel's clients that contains the processor, which zeus takes for a second one
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
        zones = _read_zones(self._monitor)
        self._monitor.cpu_indices = [k for k in self._monitor.cpu_indices if zones.get(k, NO_ZONE).name != PLATFORM]
        self._ranges = {k: zone.range_j for k, zone in zones.items()}
        self._ahead = dict[tuple[str, int], float]()  # by counter, joules that are in the sum before zeus counts them
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
        cpu, ram = self._unwrap("cpu", measured.cpu_energy), self._unwrap("ram", measured.dram_energy)
        gpu = sum((measured.gpu_energy or {}).values())
        self._joules = [so_far + joules for so_far, joules in zip(self._joules, (cpu, gpu, ram), strict=True)]

    def _unwrap(self, part: str, by_index: dict[int, float] | None) -> float:
        """Sums the energies of a window; one that zeus has a range too low, for it sees a wrap late, is mended.

        The window after it is as much too high. See findings/zeus-energy-falls-by-a-whole-range-after-a-wrap.sh.
        """
        total = 0.0
        for index, counted in (by_index or {}).items():
            joules = counted - self._ahead.pop((part, index), 0.0)
            if joules < 0 and (range_j := self._ranges.get(index)):
                joules += range_j
                self._ahead[part, index] = range_j
            total += joules
        return total

    def _measure(self) -> Any:
        self._monitor.begin_window(WINDOW, sync_execution=False)
        return self._monitor.end_window(WINDOW, sync_execution=False)

    def _reading(self) -> Reading:
        return Reading(*(joules / JOULES_PER_KWH for joules in self._joules))


class _Zone(NamedTuple):
    name: str
    range_j: float | None


NO_ZONE = _Zone("", None)


def _read_zones(monitor: ZeusMonitor) -> dict[int, _Zone]:
    """Returns name and range of each counter that zeus takes for a processor; what cannot be read is left out."""
    zones, cpus = {}, monitor.cpus
    for index, cpu in enumerate(getattr(cpus, "cpus", ())):
        folder = Path(getattr(cpus, "rapl_dir", ""), f"intel-rapl:{getattr(cpu, 'cpu_index', index)}")
        with suppress(OSError, ValueError):
            range_uj = float((folder / "max_energy_range_uj").read_text())
            zones[index] = _Zone((folder / "name").read_text().strip(), range_uj / 1e6)
    return zones


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
