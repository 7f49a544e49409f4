"""The load of processor and GPU: by phase, over time, from a GPU that stands in for one, and at hardly any cost."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch

from mgu.config.energy import EnergyConfig
from mgu.measure import gpu_reader
from mgu.measure.cost import RunCost
from mgu.measure.cost_meter import CostMeter
from mgu.measure.gpu_reader import GpuReader, open_gpu
from mgu.measure.utilisation_curve import MOST_ROWS, UtilisationRow, read_curve, shorten, write_curve
from mgu.measure.utilisation_meter import UtilisationMeter
from mgu.results.schema.device_load import DeviceLoad, GpuLoad, PhaseLoad

OFF = EnergyConfig(enabled=False, country="ROU", period_s=1.0)


class FakeNvml:
    """What pynvml answers of one GPU, value after value; None is an error, as of a GPU that does not tell."""

    class NVMLError(Exception):
        """As pynvml.NVMLError."""

    def __init__(self, busy: list[int | None], power_mw: list[int | None]) -> None:
        self.busy, self.power_mw, self.began = busy, power_mw, False

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's own names
        self.began = True

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        assert self.began
        return f"handle {index}"

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:  # noqa: N802
        assert handle == "handle 3"
        return SimpleNamespace(gpu=self._next(self.busy), memory=7)

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:  # noqa: N802
        return SimpleNamespace(total=80 * 2**30, used=512 * 2**20, free=0)

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        return self._next(self.power_mw)

    def _next(self, values: list[int | None]) -> int:
        value = values.pop(0) if len(values) > 1 else values[0]
        if value is None:
            raise self.NVMLError("Not Supported")
        return value


def spin(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_the_gpu_is_read_by_phase_with_mean_and_maximum(tmp_path: Path) -> None:
    meter = UtilisationMeter(1000.0, GpuReader(FakeNvml([20, 40, 100], [100_000, 200_000, 350_000]), 3))
    meter.begin(tmp_path)
    meter.lap("setup")  # so short a phase that no sample fell into it: read at its end
    for _ in range(2):
        meter._sample()
    meter.lap("train")
    meter.stop()
    phases = meter.so_far().phases
    assert phases["setup"].gpu == GpuLoad(1, 0.2, 0.2, 512, 512, 100, 100)
    assert phases["train"].gpu == GpuLoad(2, 0.7, 1.0, 512, 512, 275, 350)
    rows = read_curve(tmp_path)
    assert [(row.phase, row.gpu_busy, row.gpu_memory_mib, row.gpu_power_w) for row in rows] == [
        ("train", 0.4, 512, 200), ("train", 1.0, 512, 350),
    ]  # fmt: skip


def test_what_a_gpu_does_not_tell_is_not_known() -> None:
    meter = UtilisationMeter(1000.0, GpuReader(FakeNvml([None], [90_000, None]), 3))
    meter._sample()
    meter._sample()
    meter.lap("train")
    meter.stop()
    assert meter.so_far().phases["train"].gpu == GpuLoad(2, None, None, 512, 512, None, None)


def test_a_driver_that_does_not_work_gives_no_run_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(device: torch.device) -> int:
        raise RuntimeError("NVML does not list the GPU.")

    monkeypatch.setattr(gpu_reader, "nvml_index", fails)
    assert open_gpu(torch.device("cuda:0")) is None and "NVML does not list the GPU" in caplog.text
    assert open_gpu(torch.device("cpu")) is None


def wait_for_sample(meter: UtilisationMeter) -> None:
    """By its thread, which a busy machine may keep waiting for longer than a short phase takes."""
    until = time.monotonic() + 60
    while not meter._undecided and time.monotonic() < until:
        time.sleep(0.01)


def test_processor_time_is_counted_by_phase(tmp_path: Path) -> None:
    meter = UtilisationMeter(0.02)
    meter.begin(tmp_path)
    time.sleep(0.2)
    wait_for_sample(meter)
    meter.lap("setup")
    began = time.process_time()
    spin(0.3)
    wait_for_sample(meter)
    meter.lap("train")
    spent = time.process_time() - began
    meter.stop()
    setup, train = (meter.so_far().phases[name] for name in ("setup", "train"))
    assert train.processor_s == pytest.approx(spent, abs=0.03) and setup.processor_s < 0.1
    assert setup.wall_s >= 0.2 and train.wall_s >= 0.29
    if os.path.exists("/proc/stat"):
        assert train.machine is not None and 0 < train.machine <= 1 and train.machine_s > 0.2
    rows = read_curve(tmp_path)
    assert {row.phase for row in rows} >= {"setup", "train"} and [r.time_s for r in rows] == sorted(
        r.time_s for r in rows
    )


def test_a_continued_run_continues_its_curve(tmp_path: Path) -> None:
    write_curve(tmp_path, [UtilisationRow(1.0, "setup", 0.5), UtilisationRow(40.0, "train", 0.75, 0.5)])
    meter = UtilisationMeter(1000.0)
    meter.begin(tmp_path)
    meter._sample()
    meter.lap("train")
    meter.stop()
    rows = read_curve(tmp_path)
    assert rows[:2] == [UtilisationRow(1.0, "setup", 0.5), UtilisationRow(40.0, "train", 0.75, 0.5)]
    assert len(rows) == 3 and rows[2].time_s >= 40.0


def test_rows_stay_few_and_averages_are_by_time() -> None:
    rows = [
        UtilisationRow(1.0, "setup", 1.0),
        UtilisationRow(2.0, "train", 1.0, 0.5),
        UtilisationRow(5.0, "train", 2.0, None),
    ]
    assert shorten(rows) == [rows[0], UtilisationRow(5.0, "train", (1.0 * 1 + 2.0 * 3) / 4, None)]
    meter = UtilisationMeter(1000.0)
    for _ in range(3 * MOST_ROWS):
        meter._sample()
    meter.lap("train")
    meter.stop()
    assert MOST_ROWS / 2 < len(meter._rows) <= MOST_ROWS + 1


def test_a_damaged_curve_is_no_curve(tmp_path: Path) -> None:
    assert read_curve(tmp_path) == []
    for text in ("", "time_s,phase\n1,train\n", "\x00\x01", "time_s,phase,processors\nx,train,1\n"):
        (tmp_path / "load.csv").write_text(text)
        assert read_curve(tmp_path) == []


def test_parts_of_an_interrupted_run_add_up() -> None:
    parts = [
        PhaseLoad(10.0, 9.0, 0.5, 8.0, GpuLoad(1, 0.2, 0.2, 100, 100, 50, 50)),
        PhaseLoad(30.0, 15.0, 1.0, 24.0, GpuLoad(3, 0.6, 0.9, 200, 300, None, None)),
    ]
    first = DeviceLoad(1.0, {"setup": PhaseLoad(2.0, 1.0), "train": parts[0]})
    later = DeviceLoad(1.0, {"train": parts[1]})
    both = first + later
    assert both.phases["setup"] == first.phases["setup"]
    train = both.phases["train"]
    assert (train.wall_s, train.processor_s, train.processors) == (40.0, 24.0, 0.6)
    assert train.machine == pytest.approx((0.5 * 8 + 1.0 * 24) / 32) and train.machine_s == 32
    assert train.gpu == GpuLoad(4, pytest.approx(0.5), 0.9, pytest.approx(175), 300, None, None)  # type: ignore[arg-type]


def test_the_cost_of_a_run_has_its_load_and_of_parts_without_one_none() -> None:
    with CostMeter(OFF, torch.device("cpu"), utilisation=UtilisationMeter(1000.0)) as cost:
        cost.end_setup()
        cost.lap("train")
        cost.lap("evaluate")
    assert cost.total.load and list(cost.total.load.phases) == ["setup", "train", "evaluate"]
    assert msgspec.convert(msgspec.to_builtins(cost.total), RunCost) == cost.total  # as checkpoints keep it
    older = msgspec.to_builtins(cost.total)
    del older["load"]
    assert (msgspec.convert(older, RunCost) + cost.total).load is None


def test_measuring_takes_a_thousandth_of_the_time_at_most() -> None:
    """The bar is 0.5 % at one sample a second; a lap comes with each epoch, a sample with each period."""
    meter = UtilisationMeter(1000.0)

    def seconds_of(act: Any, count: int = 200) -> float:
        began = time.process_time()
        for _ in range(count):
            act()
        return (time.process_time() - began) / count

    sample_s = min(seconds_of(meter._sample) for _ in range(5))
    lap_s = min(seconds_of(lambda: meter.lap("train")) for _ in range(5))
    meter.stop()
    assert sample_s < 0.001 * OFF.period_s and lap_s < 0.0002, (sample_s, lap_s)
