"""Costs of the grid search and the unit: which runs count, and which can be compared."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from msgspec.structs import replace

from mgu.console.summary import describe_energy
from mgu.measure.sample import power_of
from mgu.report.analysis import Analysis
from mgu.report.costs import charges, cost_ratios
from mgu.report.formats.csv import to_csv
from mgu.results.schema.energy import Component
from mgu.results.schema.processor import Processor
from mgu.results.schema.result import Result
from mgu.search.outcome import SECOND
from tests.examples import example_result, example_unit, ranked, sentences
from tests.report.runs import markdown


def test_the_cost_of_the_search_with_and_without_diverged_units() -> None:
    """The CIFAR figures of the paper: 13,495 s for the grid, 1,089 s for one unit, 2,115 s for one that diverged."""
    results = [example_result(f"b{i}", train_s=13495 / 24, cpu_kwh=0.01, cpu_method="rapl") for i in range(24)]
    results += [example_unit("u7", train_s=1089.0, cpu_kwh=0.04, cpu_method="rapl")]
    results += [
        example_unit("u15", status="diverged", val_accuracy=0.3, train_s=2115.0, cpu_kwh=0.08, cpu_method="rapl")
    ]
    lines = "\n".join(sentences(results))
    assert "Grid search: 24 runs took 13,495 s to solution (wall clock), 240 Wh of CPU energy (rapl, measured)" in lines
    assert "relative to u7 (all runs counted): 12.4x in time, 6.0x in CPU energy (rapl, measured)" in lines
    assert "relative to u15 (all runs counted): 6.4x in time" in lines and "u15 (diverged and failed units" not in lines
    assert "relative to all 2 kinds of units together (all runs counted): 4.2x in time, 2.0x in CPU energy" in lines
    assert "; of these, u15 did not end well." in lines
    assert "1 of 26 runs diverged." in lines


def test_what_failed_is_paid_for_but_is_no_time_to_solution() -> None:
    lost = example_result("lost-s1", seed=1, status="failed", val_accuracy=None, train_s=60.0)
    lines = "\n".join(sentences([example_result("lost-s0", train_s=20.0), lost, example_unit(train_s=20.0)]))
    assert "(all runs counted): 2.0x in time" in lines
    assert "(diverged and failed runs not counted): 1.0x in time" in lines
    (table,) = ranked([example_result("lost-s0", train_s=20.0), lost])
    assert table.rows[0].cost.tts_s == 20


def test_no_total_is_told_where_no_run_has_a_time() -> None:
    """A run that exceeded its training.timeout took 0 s."""
    lost = example_result("lost", status="failed", val_accuracy=None, seconds=None, energy=None)
    (line,) = [line for line in sentences([lost]) if line.startswith("Baseline: ")]
    assert line == (
        "Baseline: 1 run took an unknown time to solution (wall clock); the energy and processor time of 1 run are not "
        "known and not included."
    )
    lines = sentences([lost, example_result("b", train_s=20.0)])
    (some,) = [line for line in lines if line.startswith("Grid search: ")]
    assert some.startswith("Grid search: 2 runs took 20 s to solution (wall clock), ")
    assert some.endswith(
        "; the energy and processor time of 1 run are not known and not included; the time of 1 failed run is not "
        "known and not included."
    )


def test_why_there_is_no_co2_is_said_of_each_run() -> None:
    energy = example_result("a").energy
    assert energy
    unset = replace(energy, emissions_kg=None, country=None)
    moved = replace(energy, emissions_kg=None, country="FRA")
    lines = "\n".join(sentences([example_result("a", energy=moved, resumed=1), example_unit(energy=energy)]))
    assert "not computed for 1 run that was stopped and continued, for not all parts were trained at one place" in lines
    assert "for no country was set" not in lines
    lines = "\n".join(sentences([example_result("a", energy=unset), example_unit(energy=energy)]))
    assert "not computed for 1 run, for no country was set: set yours" in lines and "one place" not in lines


def unread(name: str, **changes: Any) -> Result:
    """A run of 0.2 s, in which the meter was never read."""
    result = example_result(name, train_s=0.2, cpu_kwh=0.0, **changes)
    assert result.energy
    energy = replace(result.energy, ram=Component(0.0, "model"), emissions_kg=0.0)
    return replace(result, energy=energy)


def test_energy_that_could_not_be_read_is_not_known_and_not_zero() -> None:
    both = [unread("a"), example_result("b", cpu_kwh=0.001)]
    lines = "\n".join(sentences([*both, example_unit()]))
    assert "1 Wh of CPU energy" in lines and "0.1 g of CO2" in lines
    assert "; 1 run was too short for a reading of the energy, which is not known and not included." in lines
    lines = "\n".join(sentences([unread("a"), unread("b")]))
    assert "0 Wh" not in lines and "0 g of CO2" not in lines and "; 2 runs were too short for a reading" in lines
    rows = {own["model_name"]: own for own in csv.DictReader(io.StringIO(to_csv(ranked(both))))}
    assert rows["a"]["cpu_wh"] == "" and float(rows["b"]["cpu_wh"]) == 1.0


def test_a_run_says_that_its_energy_could_not_be_read() -> None:
    assert describe_energy([unread("a")]) == "energy too short to read"
    assert (
        describe_energy([unread("a"), example_result("b")])
        == "CPU 1 Wh (model, estimated)  energy of 1 too short to read"
    )
    assert power_of(unread("a").energy, on_gpu=False) == (None, None)  # else plan would estimate 0 Wh
    assert SECOND["kwh"](unread("a")) is None  # else it would be the best of all trials


def test_the_claim_of_a_tenth_is_held_against_the_ratios() -> None:
    grid = [example_result(f"b{i}", train_s=20.0, cpu_kwh=0.01, cpu_method="rapl") for i in range(24)]
    lines = "\n".join(sentences([*grid, example_unit(train_s=40.0, cpu_kwh=0.03, cpu_method="rapl")]))
    assert "claim that a unit costs a tenth of the grid search is supported by 12.0x in time" in lines
    assert "it is not supported by 8.0x in CPU energy (rapl, measured)." in lines
    assert "a tenth" not in "\n".join(sentences([*grid[:3], example_unit()]))


def test_methods_are_never_mixed_in_a_ratio() -> None:
    results = [example_result(cpu_method="rapl"), example_unit(cpu_method="model")]
    lines = "\n".join(sentences(results))
    assert "1.0x in time, CPU energy cannot be compared (methods model and rapl)" in lines
    text = markdown(ranked(results))
    assert "1 rapl, measured" in text and "1 model, estimated" in text and "CPU [Wh] |" in text


def test_contended_and_resumed_runs_are_marked_and_in_no_ratio() -> None:
    results = [example_result(f"b{i}", train_s=100.0, contended=i == 0, resumed=int(i == 1)) for i in range(4)]
    (table,) = ranked([*results, example_unit(train_s=50.0)])
    text = markdown([table])
    assert "100.0! " in text and "100.0+ " in text
    lines = Analysis(table).lines
    assert any(line.startswith("2 of 4 baselines and 1 of 1 unit have a run that") for line in lines)
    (ratios,) = [line for line in lines if line.startswith("The grid search costs, relative to mgu-reference")]
    assert "time, CPU energy and CO2 cannot be compared (2 of 5 models have no run that was measured alone" in ratios
    assert "x in time" not in ratios and "8.0x in processor time (measured; some runs shared the machine;" in ratios
    assert any("1 of 5 runs shared the host" in line for line in lines)
    assert any("1 of 5 runs was interrupted and resumed" in line for line in lines)
    rows = list(csv.DictReader(io.StringIO(to_csv([table]))))
    assert sorted(row["contended"] + row["resumed"] for row in rows) == ["00", "00", "00", "01", "10"]
    (alone,) = ranked([*results, example_unit(contended=True)])
    lines = Analysis(alone).lines
    assert any(line.startswith("2 of 4 baselines and 0 of 1 unit have a run that") for line in lines)
    assert any("other work makes it longer, too" in line for line in lines)
    # 4 baselines of 95 s of processor time each against a unit of 19
    assert any("interruption), 20.0x in processor time (measured; some runs shared" in line for line in lines)
    (lost,) = ranked([*results, example_unit(contended=True, trained_together=2)])
    every = "time, CPU energy, processor time and CO2 cannot be compared (3 of 5 models have no run"
    assert any(every in line for line in Analysis(lost).lines)


def test_energy_that_is_not_known_of_every_run_gives_no_ratio() -> None:
    results = [example_result("a"), example_result("b", energy=None), example_unit("u")]
    lines = "\n".join(sentences(results))
    assert "the energy and processor time of 1 run are not known and not included" in lines
    assert "2.0x in time, CPU energy, processor time and CO2 cannot be compared (not known for every run)" in lines


def test_short_runs_are_marked() -> None:
    (table,) = ranked([example_result("quick", train_s=3.0), example_result("long")])
    assert "3.0~" in markdown([table]) and "20.0~" not in markdown([table])
    assert any(
        "1 of 2 runs took under 10 s (marked ~): too few energy readings" in line for line in Analysis(table).lines
    )


def test_gpu_energy_has_its_own_column_and_method() -> None:
    result = example_result()
    assert result.energy is not None
    energy = {part: getattr(result.energy, part) for part in result.energy.__struct_fields__}
    energy["gpu"] = Component(kwh=0.0123, method="nvml_counter")
    text = markdown(ranked([example_result(energy=type(result.energy)(**energy))]))
    assert "GPU [Wh] nvml_counter, measured" in text and "12.3" in text
    assert "GPU" not in markdown(ranked([result]))


def test_every_cost_is_in_the_machine_readable_forms() -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv(ranked([example_result()]))))
    assert (row["ram_wh"], row["ram_method"], row["co2_kg_estimated"]) == ("2.0", "model", "0.0001")
    assert row["co2_country"] == "ROU"  # whose carbon intensity is assumed
    assert float(row["processor_s"]) == 19


def test_the_cost_of_short_runs_is_not_nothing() -> None:
    """`0 s of processor time` had stood beside a ratio of such times."""
    grid = [example_result(f"digits_2-{norm}-s0", norm=norm, train_s=0.15, num_classes=10) for norm in ("ln", "bn_pre")]
    (table,) = ranked(grid)
    (line,) = [own for own in Analysis(table).lines if own.startswith("Grid search")]
    took = re.search(r"took (\S+) s to solution", line)
    assert took and 0 < float(took[1]) < 10


def test_models_without_a_processor_time_of_their_own_leave_no_ratio_of_it() -> None:
    """Those that one process trained together had been left out of the sum: the grid had cost half of the unit."""

    def use(seconds: float) -> Any:
        processor = Processor(seconds=seconds, wall_s=9.0, load=1.0, count=2, threads=1, name="A")
        return {"processor": processor, "contended": True, "device": "cpu (A, 1 thread)"}

    def grid(*together: int) -> list[Result]:
        return [
            example_result(f"digits_2-{norm}-s0", norm=norm, trained_together=count, **use(4.0))
            for norm, count in zip(("ln", "bn_pre", "no_norm"), together, strict=True)
        ]

    unit = example_unit(**use(6.0))
    (whole,), (partly,) = ranked([*grid(1, 1, 1), unit]), ranked([*grid(2, 2, 1), unit])
    assert charges(whole)[0].value("processor") == 12 / 6
    for found in (charges(partly)[0].ratios, cost_ratios(partly.baselines, partly.unit_models)):
        assert {ratio.value for ratio in found} == {None}


def test_costs_say_where_they_are_of_the_seeds_that_were_measured_alone() -> None:
    def grid(contended: bool) -> list[Result]:
        return [
            example_result("digits_2-ln-s0", seed=0, contended=contended), example_result("digits_2-ln-s1", seed=1)
        ]  # fmt: skip

    for contended, which in ((True, "seeds that were measured alone"), (False, "seeds")):
        (table,) = ranked(grid(contended))
        (line,) = [own for own in Analysis(table).lines if own.startswith("Baseline: ")]
        assert f"by the mean over its {which}," in line


def test_processor_time_is_of_the_same_runs_in_sums_and_ratios() -> None:
    """Sums were of the seeds measured alone, ratios of all: a grid of 20 s stood beside a unit of 10 s, and 1.0x."""

    def use(seconds: float) -> Any:
        processor = Processor(seconds=seconds, wall_s=9.0, load=1.0, count=2, threads=1, name="A")
        return {"processor": processor, "device": "cpu (A, 1 thread)"}

    units = [example_unit(f"u-s{seed}", seed=seed, contended=seed > 0, **use(10.0 + 20 * seed)) for seed in (0, 1)]
    for contended in (False, True):  # with a time of every model, and without
        grid = [example_result(f"digits_2-ln-s{seed}", seed=seed, contended=contended, **use(20.0)) for seed in (0, 1)]
        (table,) = ranked([*grid, *units])
        lines = "\n".join(Analysis(table).lines)
        assert "20 s of processor time (measured, over all seeds)" in lines and "1.0x in processor time" in lines
        (unit,) = table.unit_models
        assert unit.cost.processor_s == 20 and [own.cpu_s for own in unit.cost.charged] == [10]
