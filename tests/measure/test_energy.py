"""Energy: real figures of this machine, and the method of each; GPUs are stood in for, NVML's numbering by UUID too."""

from __future__ import annotations

import io
import logging
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from codecarbon import OfflineEmissionsTracker
from codecarbon.external.hardware import CPU, GPU

from mgu.config.energy import EnergyConfig
from mgu.errors import UserError
from mgu.measure import codecarbon_instrument
from mgu.measure.carbon import Location
from mgu.measure.codecarbon_instrument import CodecarbonInstrument, cpu_method, gpu_method
from mgu.measure.energy import EnergyMeter, build_meter, check_place
from mgu.measure.gpu_reader import nvml_index
from mgu.results.schema.energy import describe_method

CPU_DEVICE = torch.device("cpu")


def test_codecarbon_warns_in_the_log_when_it_is_imported(caplog: pytest.LogCaptureFixture) -> None:
    theirs, stream = logging.getLogger("codecarbon"), io.StringIO()
    handler = logging.StreamHandler(stream)
    theirs.addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, "mgu"), codecarbon_instrument.warnings_in_log():
            theirs.error("AMD GPU detected")
    finally:
        theirs.removeHandler(handler)
    assert caplog.messages == ["codecarbon: AMD GPU detected"] and not stream.getvalue() and not theirs.filters


@pytest.mark.slow
def test_work_takes_processor_time_and_energy() -> None:
    meter = build_meter(EnergyConfig(enabled=True, country="ROU", period_s=1.0), CPU_DEVICE)
    with meter:
        matrix, until = torch.randn(600, 600), time.process_time() + 0.5
        while time.process_time() < until:
            matrix = torch.nn.functional.normalize(matrix @ matrix)
    used = meter.energy
    assert used is not None
    assert used.cpu.kwh > 0 and used.ram.kwh > 0 and used.emissions_kg
    assert used.emissions_kg == pytest.approx((used.cpu.kwh + used.ram.kwh) * (used.intensity_g_kwh or 0) / 1000)
    assert 0.5 <= used.cpu_seconds < 5 and used.tracked_s < 60
    assert used.cpu.method in ("rapl", "model", "powermetrics") and used.ram.method == "model"
    assert used.gpu.method == "none" and used.gpu.kwh == 0


def test_a_country_without_a_carbon_intensity_is_refused() -> None:
    with pytest.raises(UserError, match=r"energy.country must be .*, but got 'ROM'. Did you mean"):
        check_place(EnergyConfig(enabled=True, country="ROM", period_s=1.0))


def test_an_estimate_never_reads_as_a_measurement() -> None:
    assert describe_method("model") == "model, estimated"
    assert all(describe_method(method).endswith("measured") for method in ("rapl", "nvml_counter", "nvml_power"))


@pytest.mark.parametrize(
    ("design_power_w", "is_virtual", "warns"), [(300.0, True, True), (300.0, False, False), (8.0, True, False)]
)
def test_a_virtual_machine_that_is_charged_for_a_socket_says_so(
    design_power_w: float, is_virtual: bool, warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = CodecarbonInstrument(CPU_DEVICE, 1.0)
    cpu = CPU(output_dir=".", mode="cpu_load", model="Xeon", tdp=design_power_w)  # type: ignore[arg-type]
    cpu._cpu_count = 2
    monkeypatch.setattr(meter._tracker, "_hardware", [cpu])
    monkeypatch.setattr(codecarbon_instrument, "is_virtual", lambda: is_virtual)
    power = meter.design_power()
    assert power["design_power_w"] == design_power_w
    assert ("a virtual machine for a whole socket" in power["design_power_by"]) == warns


def test_codecarbon_that_did_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = EnergyMeter(CodecarbonInstrument(CPU_DEVICE, 1.0), Location())
    monkeypatch.setattr(OfflineEmissionsTracker, "start", lambda tracker: None)
    with pytest.raises(RuntimeError, match="codecarbon did not start"), meter:
        pass


def test_every_edge_between_phases_is_a_reading_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of a second by readings up to a tenth of a second old was charged up to 60 % too much, or nothing."""
    readings: list[float] = []
    monkeypatch.setattr(OfflineEmissionsTracker, "_do_measurements", lambda tracker: readings.append(0.0))
    counts = []
    with EnergyMeter(CodecarbonInstrument(CPU_DEVICE, 60.0), Location()) as meter:
        for edge in (meter.end_setup, meter.so_far, meter.begin_evaluation):
            edge()
            counts.append(len(readings))
    assert [later - earlier for earlier, later in zip(counts, [*counts[1:], len(readings)], strict=True)] == [1, 1, 1]


@pytest.mark.slow
def test_the_meter_stops_when_the_work_fails() -> None:
    before = set(threading.enumerate())
    meter = EnergyMeter(CodecarbonInstrument(CPU_DEVICE, 1.0), Location())
    started: set[threading.Thread] = set()

    def fail() -> None:
        started.update(set(threading.enumerate()) - before)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), meter:
        fail()
    assert started
    for thread in started:  # nothing samples any more
        thread.join(60)
    assert meter.energy is not None and not any(thread.is_alive() for thread in started)


def hardware(kind: type[Any], **attributes: Any) -> Any:
    """An object that passes for codecarbon's `kind` without the machine that it asks for."""
    made: Any = object.__new__(kind)
    made.__dict__.update(attributes)
    return made


@pytest.mark.parametrize(("mode", "method"), [("intel_rapl", "rapl"), ("cpu_load", "model"), ("constant", "model")])
def test_method_of_the_cpu(mode: str, method: str) -> None:
    assert cpu_method([hardware(CPU, _mode=mode)]) == method


@pytest.mark.parametrize(("fallback", "method"), [(False, "nvml_counter"), (True, "nvml_power")])
def test_method_of_the_gpu(fallback: bool, method: str) -> None:
    devices = [SimpleNamespace(gpu_index=index, _use_power_fallback=fallback and index == 1) for index in (0, 1)]
    counted = hardware(GPU, gpu_ids=[1], devices=SimpleNamespace(devices=devices))
    assert gpu_method([counted]) == method
    not_asked = hardware(GPU, gpu_ids=[], devices=SimpleNamespace(devices=devices))
    assert gpu_method([not_asked]) == "none"


def test_a_cuda_device_is_found_by_uuid(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA_VISIBLE_DEVICES may make NVML's second GPU CUDA's first."""
    uuids = ["GPU-aaaa", "GPU-bbbb"]
    nvml = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetUUID=lambda handle: uuids[handle],
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="bbbb"))
    assert nvml_index(torch.device("cuda")) == 1
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="cccc"))
    with pytest.raises(RuntimeError, match="NVML does not list the GPU cccc"):
        nvml_index(torch.device("cuda"))
