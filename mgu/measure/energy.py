"""Energy of a stretch of work, by codecarbon, with the method of every figure. The only file that imports codecarbon.

Methods: `rapl` and `nvml_counter` read the hardware's own energy counters, `nvml_power` and `powermetrics` its power
sensors from time to time;
`model` is codecarbon's estimate (CPU: design power scaled by the load of the *whole machine*; RAM: a constant per
module) and `none` means that there was nothing to count. Only the first four are measurements.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import AbstractContextManager
from typing import Any, Self

import torch
from codecarbon import OfflineEmissionsTracker
from codecarbon.external.hardware import CPU, GPU, AppleSiliconChip
from codecarbon.input import DataSource
from codecarbon.output_methods.emissions_data import EmissionsData

from mgu.config.run import EnergyConfig
from mgu.errors import UserError, did_you_mean
from mgu.results.result import Component, Energy

log = logging.getLogger(__name__)
logging.getLogger("codecarbon").setLevel(logging.ERROR)  # it speaks before it reads its log_level


FRESH_S = 0.1  # a reading takes a millisecond, an epoch of a small model a few hundredths of a second


class EnergyMeter:
    """`with meter: work()`, once; then `meter.energy`. Counts the given device's GPU only, and none for a CPU.

    energy: None, with a warning in the log, if codecarbon lost it: what was trained is not thrown away for that.
    """

    energy: Energy | None = None

    def __init__(self, device: torch.device, country: str, period_s: float) -> None:
        """country: ISO 3166 code of three letters, for the carbon intensity; period_s: seconds between samples."""
        check_country(country)
        self.country, self.device = country, device
        self._tracker = OfflineEmissionsTracker(**_tracker_arguments(device, country, period_s))
        self._one_reading = threading.Lock()  # two at once would count the time since the last one twice
        if scheduler := self._tracker._scheduler:
            scheduler.function = self._read

    def __enter__(self) -> Self:
        """Raises RuntimeError where codecarbon, which swallows its own exceptions, did not come up."""
        self._tracker.start()
        if not getattr(self._tracker, "_hardware", None):
            raise RuntimeError("codecarbon did not start: no energy can be measured. Train with energy.enabled=false.")
        self._started, self._cpu_started = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exception: object) -> None:
        now, cpu_now = time.perf_counter(), time.process_time()
        self._tracker.stop()
        data = getattr(self._tracker, "final_emissions_data", None)
        if data is None:
            log.warning("codecarbon returned no data: the energy of this run is not known")
            return
        self.energy = self._energy(data, now, cpu_now)

    def so_far(self) -> Energy | None:
        """Up to now, or to the last reading if that was just made."""
        self._read(unless_within_s=FRESH_S)
        return self._energy(self._tracker._prepare_emissions_data(), time.perf_counter(), time.process_time())

    def _read(self, unless_within_s: float = 0.0) -> None:
        with self._one_reading:
            self._tracker._measure_power_and_energy_if_stale(unless_within_s)

    def _energy(self, data: EmissionsData, now: float, cpu_now: float) -> Energy:
        return Energy(
            cpu=Component(kwh=data.cpu_energy, method=_cpu_method(self._tracker)),
            gpu=Component(kwh=data.gpu_energy, method=_gpu_method(self._tracker)),
            ram=Component(kwh=data.ram_energy, method="model"),
            cpu_seconds=cpu_now - self._cpu_started,
            emissions_kg=data.emissions,
            country=self.country,
            tracked_s=now - self._started,
        )


class NoMeter(AbstractContextManager[None]):
    """Stands in where no energy is to be measured."""

    energy: Energy | None = None

    def so_far(self) -> Energy | None:
        """Nothing."""
        return None

    def __exit__(self, *exception: object) -> None:
        pass


def build_meter(config: EnergyConfig, device: torch.device) -> EnergyMeter | NoMeter:
    """As configured, and warmed up."""
    if not config.enabled:
        return NoMeter()
    warm_up(device, config.country, config.period_s)
    return EnergyMeter(device, config.country, config.period_s)


def check_country(country: str) -> None:
    """Codecarbon would go on without a carbon intensity and return nothing at the end."""
    known = DataSource().get_global_energy_mix_data()
    if country not in known:
        raise UserError(
            f"energy.country must be a country whose carbon intensity codecarbon knows (ISO 3166, as USA, DEU, ROU), "
            f"but got {country!r}.{did_you_mean(country, known)}"
        )


def warm_up(device: torch.device, country: str, period_s: float) -> None:
    """The first tracker of a process probes the hardware for 1-3 s: have that done outside what is timed."""
    with EnergyMeter(device, country, period_s):
        pass


def _tracker_arguments(device: torch.device, country: str, period_s: float) -> dict[str, Any]:
    """Every argument, None included: what is left out is taken from CODECARBON_* and .codecarbon.config unseen."""
    nothing = (
        "api_call_interval api_endpoint api_key experiment_id experiment_name electricitymaps_api_token "
        "prometheus_url emissions_endpoint force_cpu_power force_ram_power force_carbon_intensity_g_co2e_kwh "
        "logging_logger metadata on_csv_write region cloud_provider cloud_region country_2letter_iso_code"
    )
    return dict.fromkeys(nothing.split()) | {
        "project_name": "mgu",
        "country_iso_code": country,
        "measure_power_secs": period_s,
        "gpu_ids": [nvml_index(device)] if device.type == "cuda" else [],
        "tracking_mode": "machine",
        "output_methods": [],
        "output_handlers": [],
        "output_dir": ".",
        "output_file": "emissions.csv",
        "log_level": "error",
        "logger_preamble": "",
        "force_mode_cpu_load": False,
        "allow_multiple_runs": True,  # its lock would replace the signal handlers
        "rapl_include_dram": False,
        "rapl_prefer_psys": False,
        "pue": 1.0,
        "wue": 0.0,
    }


def nvml_index(device: torch.device) -> int:
    """NVML's index of a CUDA device, found by UUID, for CUDA_VISIBLE_DEVICES renumbers CUDA's own."""
    import pynvml

    uuid = str(torch.cuda.get_device_properties(device).uuid)
    pynvml.nvmlInit()
    for index in range(pynvml.nvmlDeviceGetCount()):
        if uuid in str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index))):
            return index
    raise RuntimeError(f"NVML does not list the GPU {uuid}. Train with energy.enabled=false.")


def _gpu_method(tracker: OfflineEmissionsTracker) -> str:
    """The counter, or the power that codecarbon adds up where a GPU has none or it could not be read."""
    gpus = [hardware for hardware in tracker._hardware if isinstance(hardware, GPU)]
    if not gpus or not gpus[0].gpu_ids:
        return "none"
    devices = [device for device in gpus[0].devices.devices if device.gpu_index in gpus[0].gpu_ids]
    return "nvml_power" if any(device._use_power_fallback for device in devices) else "nvml_counter"


def _cpu_method(tracker: OfflineEmissionsTracker) -> str:
    """How this tracker comes by the CPU's energy; codecarbon keeps it in the hardware it chose."""
    for hardware in tracker._hardware:
        if isinstance(hardware, AppleSiliconChip):
            return "powermetrics"
        if isinstance(hardware, CPU):
            return "rapl" if hardware._mode == "intel_rapl" else "model"
    return "none"
