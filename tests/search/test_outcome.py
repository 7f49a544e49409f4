"""What a trial is charged, and by what it is judged, against a calculation by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from mgu.results.schema.device_load import DeviceLoad, PhaseLoad
from mgu.results.schema.energy import Component, PhaseEnergies, PhaseEnergy
from mgu.results.schema.result import Result
from mgu.search.costs import cost_of
from mgu.search.outcome import SECOND
from tests.examples import example_result


def run_with_setup() -> Result:
    """A run of 0.003 kWh and 19 processor seconds, beside a set-up of 0.0015 kWh and 4 processor seconds."""
    result = example_result()
    setup = PhaseEnergy(cpu_kwh=0.0005, ram_kwh=0.001, seconds=7.0)
    phases = PhaseEnergies(setup=setup, train=PhaseEnergy(cpu_kwh=0.001, ram_kwh=0.002), evaluate=PhaseEnergy())
    load = DeviceLoad(period_s=1.0, phases={name: PhaseLoad(7.0, 4.0) for name in ("setup", "train")})
    assert result.energy
    return replace(result, energy=replace(result.energy, phases=phases), load=load)


def test_all_kinds_of_cost_count_the_set_up() -> None:
    cost, before = cost_of(run_with_setup()), cost_of(example_result())
    assert cost.seconds == before.seconds == 20.0 + 7.0
    assert (cost.cpu_seconds, before.cpu_seconds) == (19.0 + 4.0, 19.0)
    assert cost.kwh == pytest.approx({"cpu model": 0.0015, "ram model": 0.003})
    assert before.kwh == {"cpu model": 0.001, "ram model": 0.002}  # older results do not tell it
    assert cost.grams == pytest.approx(1.5 * 0.1) and before.grams == pytest.approx(0.1)


def test_energy_as_a_second_objective_is_that_of_all_parts() -> None:
    result = example_result(cpu_kwh=0.001)
    assert SECOND["kwh"](result) == pytest.approx(0.001 + 0.002)
    assert result.energy and SECOND["kwh"](replace(result, energy=None)) is None
    none = Component(kwh=0.0, method="none")
    assert SECOND["kwh"](replace(result, energy=replace(result.energy, cpu=none, ram=none))) is None
