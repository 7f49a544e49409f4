"""Costs of runs beside other work: part of a grid is no cost of it, and processor times tell their load."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from msgspec.structs import replace

from mgu.report.analysis import Analysis
from mgu.report.costs import Ratio, charges, cost_ratios
from mgu.report.formats.csv import to_csv
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.utilisation import compare_utilisation
from mgu.results.schema.processor import Processor
from mgu.results.schema.result import Result
from tests.examples import example_result, example_unit, ranked

NOT_ALONE = "23 of 25 models have no run that was measured alone and without interruption"


def used(seconds: float, wall: float, load: float | None) -> dict[str, Any]:
    """A run on a machine of two processors; `wall` is relative to the seconds of processor time."""
    use = Processor(seconds=seconds, wall_s=wall * seconds, load=load, count=2, threads=1, name="A")
    return {"processor": use, "device": "cpu (A, 1 thread)", "train_s": wall * seconds, "num_classes": 10}


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    """24 baselines, the dearest beside other work and the cheapest alone, as the unit was."""
    grid = [
        example_result(f"b{i}-s0", layout=f"b{i}", val_accuracy=0.6 + i / 100, contended=i > 0, **used(20.0, 2.0, 1.0))
        for i in range(23)
    ]
    alone = example_result("alone-s0", layout="alone", val_accuracy=0.5, **used(19.0, 1.0, 0.5))
    grid[0] = example_result("b0-s0", layout="b0", val_accuracy=0.6, resumed=1, **used(20.0, 2.0, 1.0))
    unit = example_unit("mgu-s0", val_accuracy=0.82, **used(40.0, 1.0, 0.5))
    (table,) = ranked([*grid, alone, unit])
    return Analysis(table)


def test_part_of_a_grid_neither_supports_the_claim_nor_refutes_it(analysis: Analysis) -> None:
    """One baseline of 24 had stood for the grid: the claim was `not supported by 0.42x in time`."""
    (found,) = analysis.charges
    assert {ratio.kind for ratio in found.ratios if ratio.value is None} == {"time", "cpu", "co2"}
    assert f"time, CPU energy and CO2 cannot be compared ({NOT_ALONE}), 12.0x in processor time" in found.text
    lines = "\n".join(analysis.lines)
    assert "1 of 24 baselines and 1 of 1 unit have a run that was measured alone" in lines
    assert "is supported by 12.0x in processor time" in lines
    assert "x in time" not in lines and "not supported" not in lines


def test_of_several_seeds_only_some_of_which_were_alone_it_is_said_of_which_models() -> None:
    grid = [example_result("a-s0"), example_result("a-s1", seed=1, contended=True)]
    grid += [example_result("a-s2", seed=2, contended=True, trained_together=2)]
    grid += [example_result("b-s0", layout="b", contended=True, trained_together=2)]
    (table,) = ranked(grid)
    (line,) = [own for own in Analysis(table).lines if own.startswith("Grid search: ")]
    assert "by the mean over its seeds that were measured alone (over all, where none was), took" in line
    assert "over the seeds that had a process of their own (over all, where none had))" in line


def test_a_model_whose_time_is_not_known_leaves_the_grid_without_a_ratio_but_one_without_it() -> None:
    lost = example_result("lost-s0", layout="lost", status="failed", val_accuracy=None, seconds=None, energy=None)
    (table,) = ranked([example_result(), lost, example_unit()])
    every, without = charges(table)
    assert every.value("time") is None and without.value("time") == 1
    assert without.title == "diverged and failed runs not counted"


def test_every_format_says_why_there_is_no_ratio_and_under_which_load_another_was_measured(analysis: Analysis) -> None:
    experiment = json.loads(to_json([analysis], []))["experiments"][0]
    assert experiment["cost_ratios"][0]["notes"]["time"] == NOT_ALONE
    first, *_, last = experiment["verdicts"][0]["rivals"]
    assert first["cost_relative_to_unit"]["time"] is None and first["cost_notes"]["time"] == NOT_ALONE
    note = first["cost_notes"]["processor"]
    assert note.startswith("measured; some runs shared the machine; wall clock / processor time 1.96 against 1.00")
    assert note.endswith("so not of equal conditions")
    assert last["cost_notes"]["processor"] == experiment["budget"][0]["note"] != ""
    rows = csv.DictReader(io.StringIO(to_csv([analysis.table], [], [analysis])))
    (row,) = [own for own in rows if own["unit_kind"]]
    assert (row["grid_time_ratio"], row["grid_time_note"], row["grid_processor_note"]) == ("", NOT_ALONE, note)
    page = to_html([analysis], [])
    card = page[page.index('<div class="cards">') : page.index("</dl>")]
    assert f"time cannot be compared ({NOT_ALONE}), the grid takes 12.0x the unit&#39;s CPU time ({note})" in card
    for text in (page, to_markdown([analysis]), to_tex([analysis])):
        assert NOT_ALONE in text and note.replace("%", r"\%" * ("\\item" in text) or "%") in text
        assert "12.0x!" in text and "! was not measured under equal conditions" in text


def test_a_search_at_the_cost_in_processor_time_tells_its_load(analysis: Analysis) -> None:
    (line,) = [own for own in analysis.lines if own.startswith("A grid search in random order")]
    assert "x the unit's cost (wall clock / processor time 1.96 against 1.00" in line


@pytest.mark.parametrize(
    ("wall", "load", "are_equal"),
    [(1.0, None, True), (1.15, 0.6, True), (1.16, 0.5, False), (0.86, 0.5, False), (1.0, 0.61, False)],
)
def test_load_is_equal_within_a_factor_of_115_and_ten_points(wall: float, load: float | None, are_equal: bool) -> None:
    """Another training on the other thread of the core shows in how busy the machine was only."""
    found = compare_utilisation([example_result(**used(20.0, wall, load))], [example_unit(**used(20.0, 1.0, 0.5))])
    assert found.are_equal == are_equal and ("not of equal conditions" in found.text) != are_equal


def test_loads_are_means_over_the_runs_of_each_side() -> None:
    def side(make: Any, *walls: float) -> list[Result]:
        name = make.__name__
        return [make(f"{name}-s{k}", seed=k, contended=True, **used(20.0, w, w / 2)) for k, w in enumerate(walls)]

    (table,) = ranked([*side(example_result, 1.0, 2.0), *side(example_unit, 1.0, 1.2)])
    (own,) = [ratio for ratio in cost_ratios(table.baselines, table.unit_models) if ratio.kind == "processor"]
    assert own.is_unequal and "processor time 1.50 against 1.10, machine 75% against 55% busy, so not" in own.note


def test_a_gpu_run_waits_as_it_must_and_results_without_processor_tell_their_wall_clock() -> None:
    on_gpu = [example_result(**{**used(20.0, wall, 0.5), "device": "cuda (H)"}) for wall in (1.0, 2.0)]
    assert compare_utilisation(on_gpu[:1], on_gpu[1:]).are_equal
    old = compare_utilisation([example_result()], [example_unit()])
    assert old.text == "wall clock / processor time 1.05 against 1.05"
    bare = compare_utilisation([example_result(energy=None)], [example_unit()])
    assert bare.text == "under a load that is not known" and bare.are_equal


@pytest.mark.parametrize(("method", "is_compared"), [("rapl", False), ("model", True)])
def test_an_instrument_counts_other_work_and_a_model_by_processor_time_does_not(method: str, is_compared: bool) -> None:
    """Of a run that had the processor for half of its time, energy had been compared where time was not."""
    use = replace(used(20.0, 2.0, 1.0)["processor"], design_power_w=8.0)
    make = {"processor": use, "cpu_method": method}
    (table,) = ranked([example_result(**make), example_unit(**make)])
    found = {ratio.kind: ratio for ratio in cost_ratios(table.baselines, table.unit_models)}
    reason = "other work used the machine during 2 of 2 runs"
    assert found["time"].note == found["co2"].note == reason
    assert (found["cpu"].value is not None) == is_compared and (found["cpu"].note == reason) != is_compared


def test_a_ratio_of_one_kind_is_written_as_before() -> None:
    assert Ratio("time", 2.0).text == "2.0x in time"
    assert Ratio("gpu", None, "methods a and b").text == "GPU energy cannot be compared (methods a and b)"
