"""Energy of a piece of work, by codecarbon, with the method of every figure. The only file that imports codecarbon.

Methods: `rapl` and `nvml_counter` read the hardware's own energy counters, `nvml_power` and `powermetrics` sample its
power sensors. `model` is codecarbon's estimate (CPU: design power scaled by the load of the *whole machine*; RAM: a
constant per module), and `none` means that there was nothing to count. Only the first four are measurements.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import msgspec
from codecarbon import OfflineEmissionsTracker
from codecarbon.external.hardware import CPU, GPU, AppleSiliconChip
from codecarbon.input import DataSource
from codecarbon.output_methods.emissions_data import EmissionsData

from mgu.errors import UserError
from mgu.measure.countries import refuse_unknown
from mgu.results.result import Component, Energy

if TYPE_CHECKING:  # the server imports this file before torch, see mgu/run/preload_energy.py
    import torch

    from mgu.config.energy import EnergyConfig

log = logging.getLogger(__name__)
logging.getLogger("codecarbon").setLevel(logging.ERROR)  # it logs before it reads its log_level

FRESH_S = 0.1  # a reading takes a millisecond, an epoch of a small model a few hundredths of a second


class AnyDevice(Protocol):
    """What is asked of a torch.device here."""

    @property
    def type(self) -> str:
        """Kind of the device, such as "cpu"."""
        ...


class EnergyMeter:
    """Measures energy: `with meter: work()`, once; then `meter.energy`. It counts the device's own GPU only.

    `energy` is None, with a warning in the log, if codecarbon loses it: what was trained is not thrown away for that.

    Args:
        device: The device that works; for a CPU no GPU is counted.
        country: ISO 3166 code of three letters, for the carbon intensity.
        period_s: Seconds between samples.

    Raises:
        UserError: The carbon intensity of the country is unknown.
    """

    energy: Energy | None = None

    def __init__(self, device: AnyDevice, country: str, period_s: float) -> None:
        check_country(country)
        self.country, self.device = country, device
        self._tracker = OfflineEmissionsTracker(**_tracker_arguments(device, country, period_s))
        self._one_reading = threading.Lock()  # two at once would count the time since the last one twice
        if scheduler := self._tracker._scheduler:
            scheduler.function = self._read

    def __enter__(self) -> Self:
        """Starts codecarbon; raises RuntimeError where that failed, for it swallows its own exceptions."""
        self._tracker.start()
        if not getattr(self._tracker, "_hardware", None):
            raise RuntimeError("codecarbon did not start.")
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
        """Returns the energy up to now, or up to a reading that was just made."""
        self._read(unless_within_s=FRESH_S)
        return self._energy(self._tracker._prepare_emissions_data(), time.perf_counter(), time.process_time())

    def _read(self, unless_within_s: float = 0.0) -> None:
        """Reads the sensors, unless the last reading is that fresh."""
        with self._one_reading:
            self._tracker._measure_power_and_energy_if_stale(unless_within_s)

    def design_power(self) -> dict[str, Any]:
        """Returns the fields of `Processor` on the power that is assumed of a processor whose power is modelled."""
        for each in self._tracker._hardware:
            if isinstance(each, CPU) and cpu_method([each]) == "model":
                by = "its constant for any processor" if each._is_generic_tdp else "its list, else 4 W a thread"
                return {"design_power_w": float(each._tdp), "design_power_by": f"{by}, by the name {each._model!r}"}
        return {}

    def _energy(self, data: EmissionsData, now: float, cpu_now: float) -> Energy | None:
        """Returns codecarbon's figures with their methods; None, with a warning, for what no result may hold."""
        found = self._figures(data, now, cpu_now)
        try:
            return msgspec.json.decode(msgspec.json.encode(found), type=Energy)
        except msgspec.ValidationError as error:  # such as a counter that went back
            log.warning("codecarbon returned impossible data, the energy of this run is not known: %s", error)
            return None

    def _figures(self, data: EmissionsData, now: float, cpu_now: float) -> Energy:
        return Energy(
            cpu=Component(kwh=data.cpu_energy, method=cpu_method(self._tracker._hardware)),
            gpu=Component(kwh=data.gpu_energy, method=gpu_method(self._tracker._hardware)),
            ram=Component(kwh=data.ram_energy, method="model"),
            cpu_seconds=cpu_now - self._cpu_started,
            emissions_kg=data.emissions,
            country=self.country,
            tracked_s=now - self._started,
        )


class NoMeter(AbstractContextManager[None]):
    """Stands in for an EnergyMeter where no energy is to be measured."""

    energy: Energy | None = None

    def so_far(self) -> Energy | None:
        """Returns None."""
        return None

    def design_power(self) -> dict[str, Any]:
        """Returns nothing: no power is assumed."""
        return {}

    def __exit__(self, *exception: object) -> None:
        pass


def build_meter(config: EnergyConfig, device: torch.device) -> EnergyMeter | NoMeter:
    """Builds the configured meter; probes the hardware, which takes seconds for the first one of a process.

    Args:
        config: How energy is measured, if at all.
        device: The device that works.

    Returns:
        A meter that has not begun.

    Raises:
        UserError: Energy is to be measured, and no meter comes up here.
    """
    if not config.enabled:
        return NoMeter()
    try:
        warm_up(device, config.country, config.period_s)
    except (RuntimeError, OSError) as error:
        raise UserError(
            f"energy.enabled must be false where energy cannot be measured, but got true, and {error} "
            "Pass energy.enabled=false."
        ) from None
    return EnergyMeter(device, config.country, config.period_s)


def check_country(country: str) -> None:
    """Checks that codecarbon knows the carbon intensity of a country; otherwise it would return nothing at the end.

    Args:
        country: ISO 3166 code of three letters.

    Raises:
        UserError: The country is unknown.
    """
    refuse_unknown(country, DataSource().get_global_energy_mix_data())


def warm_up(device: AnyDevice, country: str, period_s: float) -> None:
    """Has the first tracker of the process probe the hardware, which takes 1-3 s, outside what is timed."""
    with EnergyMeter(device, country, period_s):
        pass


def _tracker_arguments(device: AnyDevice, country: str, period_s: float) -> dict[str, Any]:
    """Returns every argument, None included: codecarbon takes others from CODECARBON_* and .codecarbon.config."""
    nothing = (
        "api_call_interval api_endpoint api_key experiment_id experiment_name electricitymaps_api_token "
        "prometheus_url emissions_endpoint force_cpu_power force_ram_power force_carbon_intensity_g_co2e_kwh "
        "logging_logger metadata on_csv_write region cloud_provider cloud_region country_2letter_iso_code"
    )
    return dict.fromkeys(nothing.split()) | {
        "project_name": "mgu",
        "country_iso_code": country,
        "measure_power_secs": period_s,
        "gpu_ids": [nvml_index(cast("torch.device", device))] if device.type == "cuda" else [],
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
    """Returns NVML's index of a CUDA device, found by UUID: CUDA_VISIBLE_DEVICES renumbers CUDA's own."""
    import pynvml
    import torch

    uuid = str(torch.cuda.get_device_properties(device).uuid)
    pynvml.nvmlInit()
    for index in range(pynvml.nvmlDeviceGetCount()):
        if uuid in str(pynvml.nvmlDeviceGetUUID(pynvml.nvmlDeviceGetHandleByIndex(index))):
            return index
    raise RuntimeError(f"NVML does not list the GPU {uuid}.")


def gpu_method(hardware: Sequence[object]) -> str:
    """Returns how codecarbon measures the GPU: by its counter, or by sampling power where that cannot be read."""
    gpus = [each for each in hardware if isinstance(each, GPU)]
    if not gpus or not gpus[0].gpu_ids:
        return "none"
    devices = [device for device in gpus[0].devices.devices if device.gpu_index in gpus[0].gpu_ids]
    return "nvml_power" if any(device._use_power_fallback for device in devices) else "nvml_counter"


def cpu_method(hardware: Sequence[object]) -> str:
    """Returns how codecarbon measures the CPU, by the hardware that its tracker chose."""
    for each in hardware:
        if isinstance(each, AppleSiliconChip):
            return "powermetrics"
        if isinstance(each, CPU):
            return "rapl" if each._mode == "intel_rapl" else "model"
    return "none"
