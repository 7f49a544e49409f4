"""Energy by phase, and CO2 by place: amounts by hand, an instrument that is set by hand, and zeus at its seam."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from mgu.config.energy import EnergyConfig
from mgu.errors import UserError
from mgu.measure.carbon import Location, find_location
from mgu.measure.cost import RunCost, share_of
from mgu.measure.countries import check_early, note_of
from mgu.measure.energy import EnergyMeter, build_meter
from mgu.measure.instrument import Reading
from mgu.results.schema.energy import Energy
from tests.examples import example_result
from tests.measure.by_hand import InstrumentByHand

CPU = torch.device("cpu")
NOWHERE = Location()


def energy(**values: Any) -> EnergyConfig:
    return EnergyConfig(**{"enabled": True, "period_s": 1.0, **values})


def measure(place: Location = NOWHERE) -> Energy:
    instrument = InstrumentByHand()
    with EnergyMeter(instrument, place) as meter:
        instrument.reading = Reading(0.1, 0.2, 0.3)
        meter.end_setup()
        instrument.reading = Reading(1.1, 2.2, 3.3)
        meter.begin_evaluation()
        instrument.reading = Reading(1.6, 2.8, 4.0)
    assert meter.energy
    return meter.energy


def test_set_up_is_apart_and_training_and_evaluation_are_the_sum() -> None:
    used = measure()
    assert (used.cpu.kwh, used.gpu.kwh, used.ram.kwh) == pytest.approx((1.5, 2.6, 3.7))
    assert used.phases
    assert (used.phases.setup.cpu_kwh, used.phases.setup.gpu_kwh) == pytest.approx((0.1, 0.2))
    assert (used.phases.train.cpu_kwh, used.phases.train.ram_kwh) == pytest.approx((1.0, 3.0))
    assert (used.phases.evaluate.cpu_kwh, used.phases.evaluate.gpu_kwh) == pytest.approx((0.5, 0.6))


def test_parts_of_an_interrupted_run_add_up_by_phase_and_shares_have_none() -> None:
    used, seconds = measure(Location(200.0, "x", "DEU")), example_result().seconds
    assert seconds
    cost = RunCost(seconds=seconds, energy=used, contended=False)
    twice = (cost + cost).energy
    assert twice and twice.phases and twice.phases.train.gpu_kwh == pytest.approx(4.0)
    assert twice.emissions_kg == pytest.approx(2 * (used.emissions_kg or 0)) and twice.country == "DEU"
    half = share_of(used, 0.5)
    assert half and half.phases is None and half.emissions_kg == pytest.approx((used.emissions_kg or 0) / 2)


def test_no_gram_is_claimed_of_parts_from_two_places() -> None:
    here, there = (measure(Location(200.0, "x", country)) for country in ("DEU", "FRA"))
    seconds = example_result().seconds
    assert seconds
    costs = [RunCost(seconds=seconds, energy=own, contended=False) for own in (here, there)]
    both = (costs[0] + costs[1]).energy
    assert both and both.emissions_kg is None and both.place is None and both.cpu.kwh == pytest.approx(3.0)


def test_co2_is_energy_by_intensity_by_pue_and_none_without_a_place() -> None:
    used = measure(find_location(energy(country="DEU", intensity_g_kwh=100.0, pue=1.5)))
    assert used.emissions_kg == pytest.approx((1.5 + 2.6 + 3.7) * 1.5 * 0.1)
    assert used.place == "100 g/kWh as configured for DEU at PUE 1.5"
    nowhere = measure(find_location(energy()))
    assert nowhere.emissions_kg is None and nowhere.place is None and nowhere.cpu.kwh > 0


@pytest.mark.parametrize(
    ("country", "region", "low", "high"),
    [("USA", None, 300, 500), ("USA", "California", 100, 300), ("SWE", "SE1", 10, 50), ("CHN", "beijing", 500, 600)],
)
def test_regions_have_figures_of_their_own(country: str, region: str | None, low: float, high: float) -> None:
    config = energy(country=country, region=region)
    check_early(config)
    place = find_location(config)
    assert place.intensity_g_kwh and low < place.intensity_g_kwh < high
    assert place.intensity_by and place.intensity_by.endswith("region" if region else "country")


@pytest.mark.parametrize(("country", "region", "is_told"), [("CAN", "quebec", True), ("CAN", None, False),
                                                            ("USA", "california", False)])  # fmt: skip
def test_provinces_of_canada_say_that_their_clean_power_counts_as_nothing(
    country: str, region: str | None, is_told: bool
) -> None:
    """codecarbon counts it by its life cycle everywhere else: Quebec has a seventh of Norway's grams by that alone."""
    by = find_location(energy(country=country, region=region)).intensity_by
    assert by and ("0 g for water" in by) == is_told


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"country": "USA", "region": "californa"}, "Did you mean california"),
        ({"country": "DEU", "region": "bayern"}, "energy.region must be of USA"),
        ({"country": "NOR", "region": "SE1"}, "energy.region must be a region of NOR"),
    ],
)
def test_an_unknown_region_is_refused_and_not_taken_for_its_country(values: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_early(energy(**values))


def test_how_to_set_the_country_is_said_where_energy_is_measured_without_one() -> None:
    note = note_of([energy(country="DEU"), energy()])
    assert note and "MGU_COUNTRY" in note and "energy.country=" in note
    assert note_of([energy(country="DEU"), energy(intensity_g_kwh=0.0), energy(enabled=False)]) is None


class FakeMonitor:
    """zeus's monitor, as far as it is used: each window measures what `windows` says."""

    windows: list[dict[str, Any]]
    cpus = SimpleNamespace(cpus=[])

    def __init__(self, gpu_indices: list[int]) -> None:
        self.gpu_indices, self.is_open = gpu_indices, False
        self.cpu_indices = list(range(len(self.cpus.cpus)))
        self.gpus = type("NVIDIAGPUs", (), {"supports_get_total_energy_consumption": lambda self, index: True})()

    def begin_window(self, key: str, sync_execution: bool) -> None:
        assert not self.is_open
        self.is_open = True

    def end_window(self, key: str, sync_execution: bool) -> Any:
        assert self.is_open
        self.is_open = False
        window = {"gpu_energy": {}, "cpu_energy": None, "dram_energy": None} | self.windows.pop(0)
        if self.cpus.cpus and window["cpu_energy"]:
            window["cpu_energy"] = {index: window["cpu_energy"][index] for index in self.cpu_indices}
        return SimpleNamespace(**window)


def with_windows(monkeypatch: pytest.MonkeyPatch, *windows: dict[str, Any], **attributes: Any) -> None:
    module = ModuleType("zeus.monitor")
    own = {"windows": list(windows), **attributes}
    module.ZeusMonitor = type("ZeusMonitor", (FakeMonitor,), own)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zeus", ModuleType("zeus"))
    monkeypatch.setitem(sys.modules, "zeus.monitor", module)
    monkeypatch.setattr("mgu.measure.countries.find_spec", lambda name: object() if name == "zeus" else None)


def test_zeus_adds_up_its_windows_of_each_part(monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"cpu_energy": {0: 1.0}, "dram_energy": {0: 1.0}}
    window = {"cpu_energy": {0: 3.6e6, 1: 3.6e6}, "dram_energy": {0: 1.8e6}, "gpu_energy": {0: 7.2e6}}
    with_windows(monkeypatch, first, window, window, window)
    with build_meter(energy(meter="zeus"), torch.device("cuda", 0)) as meter:
        assert meter
        meter.end_setup()
        meter.begin_evaluation()
    used = meter.energy
    assert used and (used.cpu.kwh, used.gpu.kwh, used.ram.kwh) == pytest.approx((4.0, 4.0, 1.0))
    assert (used.cpu.method, used.gpu.method, used.ram.method) == ("rapl", "nvml_counter", "rapl")
    assert used.phases and used.phases.setup.cpu_kwh == pytest.approx(2.0)


def lay_out_zones(folder: Path, *names: str) -> SimpleNamespace:
    """Counters as Linux has them, and zeus's list of them."""
    for index, name in enumerate(names):
        zone = folder / f"intel-rapl:{index}"
        zone.mkdir()
        (zone / "name").write_text(f"{name}\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
    return SimpleNamespace(rapl_dir=str(folder), cpus=[SimpleNamespace(cpu_index=k) for k in range(len(names))])


def test_zeus_counts_no_platform_beside_its_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, window = {"cpu_energy": {0: 1.0, 1: 1.0}}, {"cpu_energy": {0: 3.6e6, 1: 7.2e6}}
    with_windows(monkeypatch, first, window, window, cpus=lay_out_zones(tmp_path, "package-0", "psys"))
    with build_meter(energy(meter="zeus"), CPU) as meter:
        assert meter
        meter.end_setup()
    assert meter.energy and meter.energy.cpu.kwh == pytest.approx(1.0)


def test_a_counter_that_wraps_late_leaves_each_phase_its_energy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """230 J, of which zeus had the range less, and 30 J, of which it had the range more."""
    span = 262_143.32885
    windows = [{"cpu_energy": {0: joules}} for joules in (1.0, 5.0, 230.0 - span, 30.0 + span)]
    with_windows(monkeypatch, *windows, cpus=lay_out_zones(tmp_path, "package-0"))
    with build_meter(energy(meter="zeus"), CPU) as meter:
        assert meter
        meter.end_setup()
        meter.begin_evaluation()
    used = meter.energy
    assert used and used.phases and used.phases.train.cpu_kwh * 3.6e6 == pytest.approx(230.0)
    assert used.phases.evaluate.cpu_kwh * 3.6e6 == pytest.approx(30.0)


def test_zeus_without_a_counter_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with_windows(monkeypatch, {})
    with pytest.raises(UserError, match="energy=zeus must have a counter to read") as refused:
        build_meter(energy(meter="zeus"), CPU)
    assert "\n" not in str(refused.value)


def test_zeus_that_is_not_installed_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgu.measure.countries.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"energy=zeus must have the package zeus.*zeus>=0.16"):
        check_early(energy(meter="zeus"))
