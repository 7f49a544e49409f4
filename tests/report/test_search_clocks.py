"""Searches at equal processor time and energy, against a calculation by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import fmean, stdev

import pytest
from msgspec import structs

from mgu.isolation import Call, wait
from mgu.report.analysis import Analysis
from mgu.report.figures.anytime import bands, draw_anytime
from mgu.report.formats.csv import searches_to_csv
from mgu.report.formats.markdown import to_markdown
from mgu.report.searches.closed_form import Tried, expected_best
from mgu.report.searches.equal_cost import EqualCost, compare_searches
from mgu.report.searches.load import load_curves, save_replayed
from mgu.report.searches.sentences import describe_searches
from mgu.report.searches.table import search_table, search_tables
from mgu.results.runs.searches import Searches
from mgu.results.schema.energy import Component
from mgu.results.schema.result import Result
from mgu.search.budget import Budget
from mgu.search.clock import PROCESSOR, WALL, energy_clock
from mgu.search.curve import Curve, Incumbent
from mgu.search.replay import Record, Replay, replay
from mgu.search.space import Key
from mgu.search.strategy import Cost
from tests.examples import example_result, example_unit, ranked
from tests.report.test_searches import row
from tests.search.spaces import GRID
from tests.search.test_spending import ask, study_of, tell

GPU = "gpu nvml_power"
MEASURED = {"cpu rapl": 0.002, GPU: 0.010, "ram model": 0.001}


def curve(strategy: str, seed: int, *steps: tuple[float, float, float], spent: float, kwh: bool = False) -> Curve:
    """A study of one strategy by its incumbents: time, processor time and score; and processor time in all."""

    def costs(cpu_s: float) -> dict[str, float]:
        return {"cpu_seconds": cpu_s} | ({GPU: cpu_s / 1000} if kwh else {})

    found = tuple(Incumbent(s, k, val, val, val, 10, costs=costs(cpu_s)) for k, (s, cpu_s, val) in enumerate(steps))
    return Curve(strategy, "grid", seed, found, steps[-1][0], 0.5, len(steps), until=1e9, costs=costs(spent))


def of_gpu(result: Result, kwh: float = 0.01) -> Result:
    assert result.energy
    energy = structs.replace(result.energy, gpu=Component(kwh=kwh, method="nvml_power"))
    return structs.replace(result, energy=energy)


def compare(*curves: Curve, unit: Result | None = None) -> EqualCost:
    unit = unit or example_unit(num_classes=10)
    (table,) = ranked([example_result(num_classes=10), unit])
    found = compare_searches(table, curves)
    assert found
    return found


def test_what_is_slow_on_the_wall_may_be_cheap_by_processor_time() -> None:
    slow = curve("random", 0, (100.0, 5.0, 0.5), (200.0, 10.0, 0.95), spent=1000.0)
    busy = curve("tpe", 0, (10.0, 50.0, 0.5), (20.0, 100.0, 0.95), spent=1000.0)
    found = compare(slow, busy)
    assert [own.clock for own in found.by_clocks] == [WALL, PROCESSOR]
    wall, processor = found.by_clocks
    assert wall.unit and processor.unit and (wall.multiple, processor.multiple) == (27.0, pytest.approx(19.0))
    assert row(wall, "random on grid")["val_at_1x"] == 0.1 and row(wall, "tpe on grid")["val_at_1x"] == 0.95
    assert row(processor, "random on grid")["val_at_1x"] == 0.95 and row(processor, "tpe on grid")["val_at_1x"] == 0.1
    assert [row(own, "random on grid")["to_unit_s"] for own in (wall, processor)] == [200.0, 10.0]
    assert [row(own, "tpe on grid")["to_unit_s"] for own in (wall, processor)] == [20.0, 100.0]
    assert row(processor, "tpe on grid")["strategy_share"] == 0.5 / 1000
    assert processor.contenders[0].at(1000.0) and not processor.contenders[0].at(1100.0)
    spent, *_ = bands(processor.contenders[0])
    assert (spent[0], spent[-1]) == (5.0, pytest.approx(1000.0))


@pytest.mark.parametrize("missing", ["of a study", "of the unit", "on a GPU"])
def test_a_clock_that_not_all_tell_is_left_out(missing: str) -> None:
    curves = [curve("random", 0, (1.0, 1.0, 0.5), spent=9.0), curve("tpe", 0, (1.0, 1.0, 0.5), spent=9.0)]
    unit = example_unit(num_classes=10)
    if missing == "of a study":
        curves[1] = Curve("tpe", "grid", 0, (Incumbent(1.0, 0, 0.5, 0.5, None, 1),), 1.0, 0.0, 1)
    elif missing == "of the unit":
        unit = structs.replace(unit, energy=None)
    else:  # where the processor waits for the GPU
        unit = structs.replace(unit, device="cuda (NVIDIA H100)")
    found = compare(*curves, unit=unit)
    assert found.by_clocks == [found] and len(search_tables(found)) == 1
    assert not any("By processor time" in line for line in describe_searches(found))


def test_energy_counts_where_an_instrument_measured_it_and_is_shown_in_watt_hours() -> None:
    curves = [curve("random", 0, (1.0, 30.0, 0.95), spent=90.0, kwh=True)]
    found = compare(*curves, unit=of_gpu(example_unit(num_classes=10)))
    *_, own = found.by_clocks
    assert own.clock == energy_clock(GPU) and own.multiple == pytest.approx(0.01)
    assert row(own, "random on grid")["to_unit_kwh"] == 0.03 and row(own, "random on grid")["strategy_share"] is None
    table = search_table(own)
    assert table.title == (
        "Searches at equal GPU energy (nvml_power, measured): at multiples of 10 Wh, the unit's cost"
    )
    assert "to the unit's score [Wh]" in table.columns and "30" in [text for text, _ in table.rows[-1]]
    lines = " ".join(describe_searches(found))
    whole = "By GPU energy (nvml_power, measured), with set-up but without the strategies' own, one multiple is 10 Wh;"
    assert whole in lines
    assert "reaches the unit's validation score after 30 Wh" in lines and "not compared by energy" not in lines
    short = compare(*curves, unit=of_gpu(example_unit(num_classes=10, train_s=9.0)))  # with too few readings
    assert [each.clock for each in short.by_clocks] == [WALL, PROCESSOR]
    assert "an instrument must measure each run, for 10 s or more" in " ".join(describe_searches(short))
    assert draw_anytime(found).get_size_inches()[1] == 3 * draw_anytime(compare(curves[0])).get_size_inches()[1] / 2


def test_a_study_tells_what_its_trials_cost_on_every_clock(tmp_path: Path) -> None:
    study = study_of(tmp_path, Budget(seconds=50.0))
    history = study.open()
    cost = Cost(20.0, cpu_seconds=15.0, kwh=MEASURED)
    for number, score in enumerate((0.5, 0.6)):
        ask(history, number, ask_s=0.5)
        tell(history, number, score, cost, to_solution_s=18.0)
    ask(history, 2)
    history.append("cut", number=2, seconds=9.0, cpu_seconds=7.0)
    [own], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert own.steps[0].costs == {"cpu_seconds": 15.5, "cpu rapl": 0.002, GPU: 0.010}  # and not what is modelled
    assert own.costs == {"cpu_seconds": 38.0, "cpu rapl": 0.004, GPU: 0.020}
    assert own.least == {"cpu rapl", GPU}
    history.append("taken", number=2, worker="w")
    tell(history, 2, 0.7, cost, to_solution_s=18.0)  # too late: it is not found, and as much was spent as fitted in
    for number in (3, 4):  # and what comes after it is none of it
        ask(history, number)
        tell(history, number, 0.8, Cost(0.5, 0.5))
    [own], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert len(own.steps) == 2 and own.spent_s == pytest.approx(50) and not own.least
    share = (50 - 41) / 20
    assert own.costs == pytest.approx({"cpu_seconds": 31 + 15 * share, "cpu rapl": 0.004 + 0.002 * share,
                                       GPU: 0.02 + 0.01 * share})  # fmt: skip


def test_what_was_stopped_and_does_not_tell_makes_no_search_cheap(tmp_path: Path) -> None:
    """A study that spent 100 s in vain counted as if it had spent nothing on processors."""
    history = study_of(tmp_path, Budget(seconds=100.0)).open()
    ask(history, 0)
    tell(history, 0, 0.5, Cost(1.0, 1.0))
    ask(history, 1)
    history.append("cut", number=1, seconds=99.0)  # as an earlier version wrote it
    [missed], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert missed.costs == {"cpu_seconds": 1.0} and missed.least == {"cpu_seconds"}
    hit = replace(curve("random", 1, (40.0, 40.0, 0.95), spent=40.0), settings=missed.settings)
    wall, processor = compare(missed, hit).by_clocks
    assert wall.contenders[0].expected(0.9) == 140.0 and processor.contenders[0].expected(0.9) is None
    assert row(processor, "random on grid")["to_unit_s"] is None
    assert "-" in [text for text, _ in search_table(processor).rows[-1]]
    assert processor.contenders[0].expected(0.5) == pytest.approx((1 + 40) / 2)  # both reached it


@pytest.mark.parametrize(("limit", "share"), [({"seconds": 110.0}, 0.1), ({"cpu_seconds": 70.0}, 0.4), ({}, 0.0)])
def test_of_the_trial_that_a_replay_does_not_end_the_share_is_charged_that_fitted_in(
    limit: dict[str, float], share: float
) -> None:
    cost = Cost(100.0, 50.0, {GPU: 0.1}, epochs=1)
    details = {"val": 0.5, "to_solution_s": 99.0}
    known = {0: {GRID.key(point): Record(0.5, None, cost, 1, details) for point in GRID.points()}}
    [own] = replay(Replay(GRID, known, "random", {}, Budget(**limit)), [0])  # type: ignore[arg-type]
    trials = 1 if limit else 24
    assert own.spent_s == pytest.approx(100 * (trials + share), rel=1e-3) and own.trials == trials
    assert own.costs == pytest.approx({"cpu_seconds": 50 * (trials + share), GPU: 0.1 * (trials + share)}, rel=1e-3)


def test_a_search_that_was_told_results_for_nothing_is_compared_and_drawn(tmp_path: Path) -> None:
    history = study_of(tmp_path, Budget(trials=5)).open()
    ask(history, 0)
    tell(history, 0, 0.5, Cost(cpu_seconds=0.0, kwh={}, grams=0.0, trials=0))
    ask(history, 1)
    tell(history, 1, 0.95, Cost(20.0, 10.0))
    [told], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    found = compare(told)
    assert [own.clock for own in found.by_clocks] == [WALL, PROCESSOR]
    processor = found.by_clocks[1].contenders[0]
    assert [processor.expected(score) for score in (0.4, 0.9)] == [0.0, 10.0]
    assert bands(processor)[0][0] == 10.0 and draw_anytime(found)


def test_the_cost_of_a_unit_is_that_of_all_its_seeds_or_none() -> None:
    curves = [curve("random", 0, (1.0, 30.0, 0.95), spent=90.0, kwh=True)]
    units = [of_gpu(example_unit(f"u-s{seed}", num_classes=10, seed=seed, train_s=s), kwh)
             for seed, s, kwh in ((0, 9.0, 0.004), (1, 11.0, 0.012))]  # fmt: skip
    (table,) = ranked([example_result(num_classes=10), *units])
    found = compare_searches(table, curves)
    assert found and [own.clock for own in found.by_clocks] == [WALL, PROCESSOR]


def test_runs_of_no_search_do_not_matter_and_a_missing_clock_is_explained() -> None:
    curves = [curve("random", 0, (1.0, 30.0, 0.95), spent=90.0)]
    on_gpu = example_result("digits_3-ln-s0", num_classes=10, device="cuda (NVIDIA H100)")
    (table,) = ranked([example_result(num_classes=10), example_unit(num_classes=10), on_gpu])
    found = compare_searches(table, curves)
    assert found and [own.clock for own in found.by_clocks] == [WALL, PROCESSOR]
    unit = structs.replace(example_unit(num_classes=10), device="cuda (NVIDIA H100)")
    lines = " ".join(describe_searches(compare(*curves, unit=unit)))
    assert (
        "not compared by processor time, for it is not what 1 run cost, on a GPU or in a process with others" in lines
    )
    without = structs.replace(example_unit(num_classes=10), energy=None)
    assert "for it is not what 1 run cost" in " ".join(describe_searches(compare(*curves, unit=without)))


def test_little_energy_is_shown_with_three_digits() -> None:
    unit = of_gpu(example_unit(num_classes=10), 3.456e-5)
    *_, own = compare(curve("random", 0, (1.0, 0.04, 0.95), spent=1.0, kwh=True), unit=unit).by_clocks
    texts = [text for cells in search_table(own).rows for text, _ in cells]
    assert "0.0346" in texts and "0.04" in texts


def test_a_trial_that_does_not_tell_leaves_its_study_without_the_clock(tmp_path: Path) -> None:
    study = study_of(tmp_path, Budget(trials=5))
    history = study.open()
    for number, (cost, own_s) in enumerate(((Cost(20.0, 15.0, MEASURED), 18.0), (Cost(9.0, 8.0, MEASURED), 8.0))):
        ask(history, number)
        tell(history, number, 0.5 + number, cost, to_solution_s=own_s)
    [own], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert own.costs == {"cpu_seconds": 23.0}  # the second run was too short for its meters
    ask(history, 2)
    tell(history, 2, 0.7, Cost(3.0))
    [own], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert own.costs == {} and own.steps


def test_no_more_processor_time_is_spent_in_vain_than_the_budget_had(tmp_path: Path) -> None:
    study = study_of(tmp_path, Budget(cpu_seconds=20.0))
    history = study.open()
    for number in range(2):
        ask(history, number)
        tell(history, number, 0.5, Cost(15.0, 15.0))
    [own], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert own.trials == 1 and own.costs == {"cpu_seconds": 20.0}


def records() -> dict[int, Mapping[Key, Record]]:
    """Whose processor time has nothing to do with their time."""
    generator = Random(0)
    found = {}
    for point in GRID.points():
        cost = Cost(generator.random(), generator.randrange(20, 200) / 100, epochs=1)
        score = round(generator.random(), 2)
        found[GRID.key(point)] = Record(score, None, cost, 1, {"val": score, "test": score, "params": 10})
    return {0: found}


def test_replayed_random_search_is_what_the_closed_form_expects_by_processor_time(tmp_path: Path) -> None:
    known = records()
    curves = replay(Replay(GRID, known, "random", {}, Budget(cpu_seconds=9.0)), range(300))
    assert all(own.costs["cpu_seconds"] == 9.0 for own in curves)
    tried = [Tried(own.cost.cpu_seconds or 0.0, own.score or 0.0, own.score or 0.0) for own in known[0].values()]
    for amount in (2.0, 5.0, 8.9):
        found = [0.1 if (step := own.at(amount, PROCESSOR)) is None else step.val for own in curves]
        error = 4 * stdev(found) / len(found) ** 0.5 + 0.004  # costs are rounded to a thousandth of the whole
        assert fmean(found) == pytest.approx(expected_best({0: tried}, amount, before=0.1), abs=error)
    save_replayed(tmp_path, "one", ("digits", "paper"), curves[:3], {})
    read, _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert [own.costs for own in read] == [own.costs for own in curves[:3]] and read[0].steps == curves[0].steps


def test_every_form_of_the_report_has_a_table_for_each_clock(tmp_path: Path) -> None:
    found = compare(curve("random", 0, (100.0, 5.0, 0.5), spent=1000.0))
    rows = list(csv.DictReader(io.StringIO(searches_to_csv([found]))))
    assert [own["clock"] for own in rows if own["strategy"] == "random on grid"] == ["seconds", "cpu_seconds"]
    (table,) = ranked([example_result(num_classes=10), example_unit(num_classes=10)])
    analysis = Analysis(table)
    analysis.__dict__["searches"] = found
    text = to_markdown([analysis])
    assert "Searches at equal cost: at multiples of 27 s" in text
    assert "Searches at equal processor time: at multiples of 19 s" in text


def test_processor_time_of_a_process_is_what_it_worked() -> None:
    events: list[str] = []
    with Call("tests.report.busy:work", 0.2, on_event=events.append) as own:
        while not events:
            for each in wait([own]):
                each.advance()
        assert own.processor_s is None or 0.2 <= own.processor_s + 0.02 < 30  # in hundredths of a second
