"""The cost of a run: phases that add up to the time gone by, parts of an interrupted run, shares of a joint one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from mgu.config.energy import EnergyConfig
from mgu.measure.contention import ContentionMonitor
from mgu.measure.cost import RunCost, share_of
from mgu.measure.cost_meter import CostMeter
from mgu.measure.slot import Slot
from mgu.measure.stopwatch import Stopwatch
from tests.by_hand import ByHand
from tests.examples import example_result

OFF = EnergyConfig(enabled=False, country="ROU", period_s=1.0)
CPU = torch.device("cpu")


def test_every_second_belongs_to_the_phase_that_it_ends_with() -> None:
    clock = ByHand()
    stopwatch = Stopwatch(clock, CPU)
    for phase, seconds in (("setup", 2.0), ("train", 3.0), ("checkpoint", 1.0), ("train", 4.0)):
        clock.now_s += seconds
        stopwatch.lap(phase)
    assert (stopwatch.seconds.setup, stopwatch.seconds.train, stopwatch.seconds.checkpoint) == (2.0, 7.0, 1.0)


def test_the_set_up_ends_where_the_measurement_begins() -> None:
    with CostMeter(OFF, CPU) as cost:
        time.sleep(0.02)
        cost.end_setup()
        time.sleep(0.01)
        cost.lap("train")
        assert cost.so_far.seconds.train >= 0.01
    assert cost.total.seconds.setup >= 0.02 and cost.total.energy is None and not cost.total.contended


def test_earlier_parts_are_added_and_counted() -> None:
    earlier = RunCost(seconds=example_result().seconds, energy=None, contended=True, resumed=1)  # type: ignore[arg-type]
    with CostMeter(OFF, CPU) as cost:
        cost.end_setup()
        cost.earlier = earlier
        cost.lap("train")
    assert cost.total.resumed == 2 and cost.total.contended and cost.total.seconds.train >= earlier.seconds.train


def test_runs_that_share_a_process_are_contended_and_say_how_many_they_are() -> None:
    class Half(Slot):
        together = 2

        def share(self) -> float:
            return 0.5

    with CostMeter(OFF, CPU, Half()) as cost:
        cost.end_setup()
    assert cost.total.contended and cost.total.trained_together == 2
    energy = example_result().energy
    half = share_of(energy, 0.5)
    assert energy and half and half.cpu.kwh == energy.cpu.kwh / 2 and half.tracked_s == energy.tracked_s / 2


def test_another_run_on_the_host_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGU_CONTENTION", str(tmp_path))
    with CostMeter(OFF, CPU) as cost:
        cost.end_setup()
        with ContentionMonitor():
            pass
    assert cost.total.contended and set(cost.total.as_fields()) >= {"seconds", "energy", "contended"}
