"""Energy and carbon intensities by codecarbon. The only file that imports it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any, cast

from mgu.measure.gpu_reader import nvml_index
from mgu.measure.instrument import AnyDevice, Reading
from mgu.native.processor import is_virtual

log = logging.getLogger(__name__)


@contextmanager
def warnings_in_log() -> Iterator[None]:
    """Takes codecarbon's warnings into our log, which is in a run's folder; its own handler writes to the terminal.

    When it is imported where zeus has brought amdsmi along and AMD's library is missing, it warns of a GPU of AMD's.

    Yields:
        None.
    """

    def take(record: logging.LogRecord) -> bool:
        log.info("codecarbon: %s", record.getMessage())
        return False

    theirs = logging.getLogger("codecarbon")
    theirs.addFilter(take)
    try:
        yield
    finally:
        theirs.removeFilter(take)


# amdsmi, which zeus brings along, prints where there is no driver of AMD's.
with redirect_stdout(StringIO()), warnings_in_log():
    from codecarbon import OfflineEmissionsTracker
    from codecarbon.core.cpu import DEFAULT_POWER_PER_CORE
    from codecarbon.core.emissions import Emissions
    from codecarbon.core.units import Energy as EnergyAmount
    from codecarbon.external.geography import GeoMetadata
    from codecarbon.external.hardware import CPU, GPU, AppleSiliconChip
    from codecarbon.input import DataSource

if TYPE_CHECKING:  # the server imports this file before torch, see mgu/run/preload_energy.py
    import torch

logging.getLogger("codecarbon").setLevel(logging.ERROR)  # it logs before it reads its log_level


class CodecarbonInstrument:
    """Reads counters and sensors where codecarbon finds any, else its models. It counts the device's own GPU only.

    Args:
        device: The device that works; for a CPU no GPU is counted.
        period_s: Seconds between samples.
    """

    def __init__(self, device: AnyDevice, period_s: float) -> None:
        self._tracker = OfflineEmissionsTracker(**_tracker_arguments(device, period_s))
        self._one_reading = threading.Lock()  # two at once would count the time since the last one twice
        if scheduler := self._tracker._scheduler:
            scheduler.function = self._sample

    def start(self) -> None:
        """Starts codecarbon; raises RuntimeError where that failed, for it swallows its own exceptions."""
        self._tracker.start()
        if not getattr(self._tracker, "_hardware", None):
            raise RuntimeError("codecarbon did not start.")

    def read(self) -> Reading:
        """Returns the energy up to now. It takes a third of a millisecond: at each edge of a phase and checkpoint."""
        self._sample()
        return _reading(self._tracker._prepare_emissions_data())

    def stop(self) -> Reading | None:
        """Stops codecarbon; returns None, with a warning in the log, where it lost the energy."""
        self._sample()  # codecarbon makes no last reading where one is a twentieth of a second old
        self._tracker.stop()
        data = getattr(self._tracker, "final_emissions_data", None)
        if data is None:
            log.warning("codecarbon returned no data: the energy of this run is not known")
        return data and _reading(data)

    @property
    def methods(self) -> dict[str, str]:
        """How the energy of each part is determined."""
        hardware = self._tracker._hardware
        return {"cpu": cpu_method(hardware), "gpu": gpu_method(hardware), "ram": "model"}

    def design_power(self) -> dict[str, Any]:
        """Returns the fields of `Processor` on the power that is assumed of a processor whose power is modelled."""
        for each in self._tracker._hardware:
            if isinstance(each, CPU) and cpu_method([each]) == "model":
                return {"design_power_w": float(each._tdp), "design_power_by": _origin_of(each)}
        return {}

    def _sample(self) -> None:
        with self._one_reading:
            self._tracker._measure_power_and_energy()


def _origin_of(cpu: CPU) -> str:
    """Says where codecarbon takes a design power from, and where that is more than the machine's own."""
    by = "its constant for any processor" if cpu._is_generic_tdp else "its list, else 4 W a thread"
    whole = ", which charges a virtual machine for a whole socket" if is_virtual() and not _is_by_thread(cpu) else ""
    return f"{by}, by the name {cpu._model!r}{whole}"


def _is_by_thread(cpu: CPU) -> bool:
    return bool(cpu._tdp == DEFAULT_POWER_PER_CORE * cpu._cpu_count)


def _reading(data: Any) -> Reading:
    return Reading(data.cpu_energy, data.gpu_energy, data.ram_energy)


def known_countries() -> Sequence[str]:
    """Returns the ISO 3166 codes of the countries whose carbon intensity codecarbon knows."""
    return list(DataSource().get_global_energy_mix_data())


def carbon_intensity(country: str, region: str | None) -> float:
    """Returns the carbon intensity of a place that is known, in grams of CO2-equivalent per kWh.

    Args:
        country: ISO 3166 code.
        region: A region that mgu/measure/countries.py found to be known: of any other codecarbon takes the country's.
    """
    location = GeoMetadata(country_iso_code=country, country_name=country, region=region and region.lower())
    kg_per_kwh: float = Emissions(DataSource()).get_private_infra_emissions(EnergyAmount.from_energy(kWh=1.0), location)
    return 1000 * kg_per_kwh


def _tracker_arguments(device: AnyDevice, period_s: float) -> dict[str, Any]:
    """Returns every argument, None included: codecarbon takes others from CODECARBON_* and .codecarbon.config."""
    nothing = (
        "api_call_interval api_endpoint api_key experiment_id experiment_name electricitymaps_api_token "
        "prometheus_url emissions_endpoint force_cpu_power force_ram_power logging_logger metadata on_csv_write "
        "region cloud_provider cloud_region country_2letter_iso_code country_iso_code"
    )
    return dict.fromkeys(nothing.split()) | {
        "project_name": "mgu",
        "force_carbon_intensity_g_co2e_kwh": 0.0,  # mgu/measure/carbon.py computes CO2: here no place is guessed
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
