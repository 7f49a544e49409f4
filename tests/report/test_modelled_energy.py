"""Modelled energy of a CPU: what is assumed of it stands beside it, and its ratios do not depend on the load."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import msgspec
import pytest

from mgu.report.analysis import Analysis
from mgu.report.costs import charges
from mgu.report.formats.csv import to_csv
from mgu.report.formats.json import to_json
from mgu.results.schema.processor import Processor
from mgu.results.schema.result import Result
from tests.examples import example_result, example_unit, ranked, sentences
from tests.report.runs import markdown


def used(seconds: float, *, load: float | None = 0.5, power_w: float | None = 8.0, threads: int = 1) -> Processor:
    """Processor time on a machine of two processors."""
    by = "its list, else 4 W a thread, by the name 'Xeon'" if power_w else None
    return Processor(seconds, max(seconds, 20.0), load, 2, threads, "Intel Xeon", power_w, by)


def ratios(results: list[Result]) -> dict[str, Any]:
    (table,) = ranked(results)
    return {ratio.kind: ratio for ratio in charges(table)[0].ratios}


def two_sides(**of_unit: Any) -> list[Result]:
    """The grid kept one core of two busy, the unit both: codecarbon models 0.2125 and 1.0 of the design power."""
    grid = [example_result(f"b{i}", cpu_kwh=8 * 0.2125 * 20 / 3.6e6, processor=used(20.0)) for i in range(4)]
    unit: dict[str, Any] = {"cpu_kwh": 8 * 1.0 * 20 / 3.6e6, "processor": used(40.0, load=1.0, threads=2)} | of_unit
    return [*grid, example_unit(**unit)]


def test_a_ratio_of_modelled_energy_goes_by_processor_time_not_by_the_cube_of_the_load() -> None:
    found = ratios(two_sides())
    assert found["cpu"].value == pytest.approx(80 / 40)  # 0.85 by codecarbon's figures
    assert found["cpu"].value == found["processor"].value
    loads = "wall clock / processor time 1.00 against 1.00, machine 50% against 100% busy, so not of equal conditions"
    note = f"model, estimated: processor time at 4 W a processor, {loads}"
    assert found["cpu"].text == f"2.0x in CPU energy ({note})" and found["cpu"].is_unequal
    alike = ratios(two_sides(processor=used(40.0)))["cpu"]
    assert alike.text == "2.0x in CPU energy (model, estimated: processor time at 4 W a processor)"


def test_a_ratio_of_emissions_counts_the_cpu_by_processor_time() -> None:
    kwh = {"b": (20 * 4 / 3.6e6, 8 * 0.2125 * 20 / 3.6e6), "u": (40 * 4 / 3.6e6, 8 * 20 / 3.6e6)}
    grams = {name: 0.0001 * (own + 0.002) / (modelled + 0.002) for name, (own, modelled) in kwh.items()}
    found = ratios(two_sides())["co2"]
    assert found.value == pytest.approx(4 * grams["b"] / grams["u"])
    note = "all parts, estimated at the carbon intensity of ROU; CPU: processor time at 4 W a processor"
    assert found.note.startswith(f"{note}, wall clock")
    assert ratios(two_sides(processor=used(40.0)))["co2"].note == note


@pytest.mark.parametrize("processor", [None, used(40.0, power_w=None)])
def test_without_processor_time_and_power_there_is_no_ratio_of_modelled_energy(processor: Processor | None) -> None:
    found = ratios(two_sides(processor=processor))
    assert found["cpu"].value is None and "compare processor time instead" in found["cpu"].note
    assert found["co2"].value is None
    assert found["processor"].value == pytest.approx(80 / (40 if processor else 19))


def test_design_powers_that_differ_are_in_no_ratio() -> None:
    found = ratios(two_sides(processor=used(40.0, power_w=240.0)))["cpu"]
    assert found.value is None and found.note == "design powers of 4 and 120 W a processor are assumed"


def test_emissions_of_two_countries_are_in_no_ratio() -> None:
    energy = example_result().energy
    assert energy
    found = ratios(two_sides(energy=msgspec.structs.replace(energy, country="DEU")))["co2"]
    assert found.value is None and found.note == "carbon intensities of DEU and ROU"


def test_the_assumed_power_its_source_and_the_country_stand_below_the_table() -> None:
    results = two_sides()
    said = (
        "CPU energy is modelled: design power 8 W (4 W a processor; Intel Xeon, from its list, else 4 W a thread, by "
        "the name 'Xeon'); mean load of the machine 50% to 100%."
    )
    assert said in sentences(results)
    assert "g of CO2 (all parts, estimated at the carbon intensity of ROU)" in markdown(ranked(results))
    old = [example_result(), example_unit()]
    assert "CPU energy is modelled: the design power that was assumed is not recorded." in sentences(old)
    measured = [example_result(cpu_method="rapl"), example_unit(cpu_method="rapl", processor=used(9.0, power_w=None))]
    assert "design power" not in "\n".join(sentences(measured))


def test_every_design_power_of_a_table_is_named() -> None:
    text = "\n".join(sentences(two_sides(processor=used(40.0, power_w=240.0))))
    assert "CPU energy of 4 of 5 runs is modelled: design power 8 W" in text
    assert "CPU energy of 1 of 5 runs is modelled: design power 240 W (120 W a processor" in text


def test_machines_read_what_is_assumed() -> None:
    tables = ranked(two_sides())
    by_name = {row["model_name"]: row for row in csv.DictReader(io.StringIO(to_csv(tables)))}
    row = by_name["digits_2-mgu-reference-s0"]
    assert (row["cpu_name"], row["cpu_design_power_w"], row["cpu_threads"]) == ("Intel Xeon", "8.0", "2")
    assert row["cpu_design_power_by"].endswith("by the name 'Xeon'") and row["machine_load"] == "1.0"
    (experiment,) = json.loads(to_json([Analysis(table) for table in tables], []))["experiments"]
    assert experiment["rows"][0]["cpu_design_power_w"] == 8
    assert "processor time at 4 W" in experiment["cost_ratios"][0]["notes"]["cpu"]


def test_processor_time_is_shown_and_compared_where_energy_is_off() -> None:
    grid = [example_result(f"b{i}", processor=used(18.0, power_w=None), energy=None) for i in range(3)]
    results = [*grid, example_unit(processor=used(36.0, power_w=None), energy=None)]
    text = "\n".join(sentences(results))
    assert "54 s of processor time (measured); the energy of 3 runs is not known and not included." in text
    assert "1.5x in processor time (measured; wall clock / processor time" in text and "CO2" not in text
    rows = list(csv.DictReader(io.StringIO(to_csv(ranked(results)))))
    assert sorted(float(row["processor_s"]) for row in rows) == [18, 18, 18, 36]
