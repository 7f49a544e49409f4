"""Verdicts by kind of unit, and the default network: which rows they are about, and that each format has them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from scipy.stats import ttest_rel

from mgu.cli.report import main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.figures.write import figures
from mgu.report.formats.csv import to_csv
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.ranking.default import default_rows, depth, explain_no_default
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.utilisation import processors_busy
from mgu.report.rivals import rivals
from mgu.report.stats.holm import correct_for_many
from mgu.results.on_disk.result_file import write_result
from mgu.results.schema.device_load import DeviceLoad, GpuLoad, PhaseLoad
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.processor import Processor
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result, example_unit, ranked, sentences
from tests.report.runs import Trained, analyse

LAYOUTS = {"shallow": "[2, 0, 1, inf, 2]", "deep": "[10, 0, 1, 3, 2]"}


def grid(**changes: Any) -> list[Result]:
    """Two layouts by three norms by residual or not, 0.80 to 0.91."""
    found: list[Result] = []
    for name, layout in LAYOUTS.items():
        for norm in ("bn_pre", "ln", "no_norm"):
            for residual in (False, True):
                own = {"layout": layout, "norm": norm, "residual": residual, "val_accuracy": 0.8 + len(found) / 100}
                found.append(example_result(f"{name}-{norm}{'-res' * residual}-s0", **(own | changes)))
    return found


def test_a_kind_is_a_unit_whatever_its_layout_and_what_differs_in_its_section_is_another() -> None:
    def unit(name: str, accuracy: float, **mgu: Any) -> Result:
        config = example_config(mgu={"wiring": "reference", "decisive": {"temperature": 0.1}} | mgu)
        return example_unit(name, val_accuracy=accuracy, config=config)

    lean = "equations-gate-channel-bypass-padded-norm_or_none+5"
    (table,) = ranked([
        unit("deep-mgu-reference-s0", 0.95), unit("shallow-mgu-reference-s0", 0.93), unit(f"deep-mgu-{lean}-s0", 0.94),
        unit("deep-mgu-settling-s0", 0.92), unit("deep-mgu-settling-s0", 0.91, decisive={"temperature": 0.3}),
        *grid(),
    ])  # fmt: skip
    kinds = {kind.name: [row.result.layout for row in kind.rows] for kind in unit_kinds(table)}
    assert {name: len(rows) for name, rows in kinds.items()} == {
        "mgu-reference": 2, "mgu-lean": 1, "mgu-settling-temperature0.1": 1, "mgu-settling-temperature0.3": 1,
    }  # fmt: skip
    assert list(kinds)[:2] == ["mgu-reference", "mgu-lean"]  # in the order of their best models


def test_the_default_network_is_bn_pre_and_ln_of_the_deepest_layout_without_residual() -> None:
    (table,) = ranked([*grid(), example_unit()])
    (unit,) = table.unit_models
    assert [row.name for row in default_rows(table, unit).values()] == ["deep-bn_pre-s0", "deep-ln-s0"]
    assert list(default_rows(table, unit, ["shallow-ln-res-s0"])) == ["shallow-ln-res-s0"]
    (without,) = ranked([own for own in grid() if own.norm == "no_norm"])
    assert default_rows(without, unit) == {}
    assert explain_no_default(without, unit) == (
        "No default network stands beside digits_2-mgu-reference-s0: no baseline without residual connections has "
        "batch norm before the activation, or layer norm. --default NAME names one."
    )


def test_a_network_with_norms_of_its_own_is_no_default_network_unless_it_is_named() -> None:
    config = example_config(layout={"target": "my:Net"})
    (table,) = ranked([example_result("Net-s0", layout="my:Net", norm="no_norm", config=config), example_unit()])
    (unit,) = table.unit_models
    assert default_rows(table, unit) == {} and list(default_rows(table, unit, ["Net-s0"])) == ["Net-s0"]
    assert "of networks that have their own it is not known which. --default" in explain_no_default(table, unit)


def test_a_default_network_that_failed_is_not_said_to_be_missing() -> None:
    failed = replace(example_result(norm="bn_pre"), status="failed", val=None, test=None)
    (table,) = ranked([failed, example_result("x", norm="no_norm"), example_unit()])
    (unit,) = table.unit_models
    assert default_rows(table, unit) == {}
    assert "may be it have no score, for they failed or diverged. --default" in explain_no_default(table, unit)


def test_of_several_recipes_the_default_network_is_not_the_best_but_the_units_or_the_packages() -> None:
    def at(rate: float) -> dict[str, Any]:
        config = example_config(optimizer={"name": "nadam", "lr": rate}, dataset={"name": "digits"})
        return {"config": config, "identity": f"{rate}"}

    def default(unit_rate: float, *rates: float, searched: tuple[str, ...] = ()) -> list[str]:
        plain = [example_result(val_accuracy=0.5 + rate, **at(rate)) for rate in rates]
        (table,) = ranked([*plain, example_unit(**at(unit_rate))])
        return [row.name for row in default_rows(table, table.unit_models[0], searched=searched).values()]

    assert default(0.003, 0.001, 0.003, 0.01, 0.3) == ["digits_2-ln-lr0.003-s0"]
    assert default(0.2, 0.001, 0.003, 0.01, 0.3) == ["digits_2-ln-lr0.01-s0"]  # conf/optimizer/nadam.yaml, for images
    assert default(0.2, 0.001, 0.3) == []
    assert default(0.2, 0.001) == ["digits_2-ln-lr0.001-s0"]
    assert default(0.2, 0.001, 0.3, searched=("digits_2-ln-s0-0.3",)) == ["digits_2-ln-lr0.001-s0"]
    assert default(0.2, 0.3, searched=("digits_2-ln-s0-0.3",)) == []
    lines = sentences([*(example_result(**at(rate)) for rate in (0.001, 0.3)), example_unit(**at(0.2))])
    assert any("No default network stands beside" in line and "of 2 that may be it" in line for line in lines)
    assert not any("without a search" in line for line in lines)


@pytest.mark.parametrize(
    ("layout", "written", "expected"),
    [({"num_layers": 15}, "?", 15), ({"depth": 3}, "?", 3), ({}, "[10, 0, 1, 3, 2]", 10), ({}, "dense [4, 64]", 4),
     ({}, "factors [32]", 0), ({}, "my_nets:Net", 0)],
)  # fmt: skip
def test_depth_is_read_from_the_configuration_or_the_notation(
    layout: dict[str, Any], written: str, expected: int
) -> None:
    (table,) = ranked([example_result(layout=written, config=example_config(layout=layout))])
    assert depth(table.rows[0]) == expected


def test_each_kind_costs_what_its_own_models_cost() -> None:
    units = [example_unit("deep-mgu-a-s0", train_s=40.0), example_unit("shallow-mgu-a-s0", train_s=20.0),
             example_unit("deep-mgu-b-s0", train_s=12.0)]  # fmt: skip
    (table,) = ranked([*grid(train_s=20.0), *units])
    analysis = Analysis(table)
    found = {charge.name: charge.value("time") for charge in analysis.charges}
    assert found == pytest.approx({"mgu-a": 12 * 20 / 60, "mgu-b": 12 * 20 / 12})
    lines = "\n".join(analysis.lines)
    assert "mgu-a: 2 runs took 60 s" in lines and "mgu-b: 1 run took 12 s" in lines
    default = {v.kind.name: rivals(analysis, v)[1].cost("time") for v in analysis.verdicts}
    assert default == pytest.approx({"mgu-a": 20 / 60, "mgu-b": 20 / 12})


def test_p_values_are_corrected_for_the_kinds_against_each_rival_by_itself(trained: Trained) -> None:
    a, b = [0.95, 0.96, 0.97, 0.95], [0.93, 0.95, 0.94, 0.955]
    best, plain = [0.90, 0.93, 0.94, 0.92], [0.88, 0.89, 0.91, 0.90]
    none = {"bits": False, "layout": LAYOUTS["deep"]}
    analysis = analyse(trained("unit-mgu-a", a, **none), trained("unit-mgu-b", b, **none),
                       trained("best", best, norm="no_norm", **none),
                       trained("plain", plain, norm="bn_pre", **none))  # fmt: skip
    for place, rival in enumerate((best, plain)):
        expected = correct_for_many([ttest_rel(own, rival).pvalue for own in (a, b)])
        found = [rivals(analysis, own)[place].comparison.p_corrected for own in analysis.verdicts]
        assert found == pytest.approx(expected)
    every = correct_for_many([ttest_rel(own, rival).pvalue for own in (a, b) for rival in (best, plain)])
    assert [c.p_corrected for own in analysis.verdicts for c in own.comparisons] == pytest.approx(every)


def test_each_kind_has_the_default_network_of_its_own_recipe(trained: Trained) -> None:
    def at(rate: float) -> dict[str, Any]:
        return {"config": example_config(optimizer={"lr": rate}), "bits": False}

    units = {0.02: [0.95, 0.96, 0.97], 0.1: [0.93, 0.95, 0.94], 0.5: [0.90, 0.91, 0.95]}
    plain = {0.02: [0.90, 0.93, 0.94], 0.1: [0.88, 0.89, 0.91]}
    runs = [trained(f"unit-mgu-{rate}", own, **at(rate)) for rate, own in units.items()]
    analysis = analyse(*runs, *(trained(f"plain-{rate}", own, **at(rate)) for rate, own in plain.items()))
    found = {own.kind.name: own.defaults for own in analysis.verdicts}
    names = [[own.baseline.result.stem for own in found[f"mgu-{rate}"]] for rate in units]
    assert names == [["plain-0.02"], ["plain-0.1"], []]
    p_values = [ttest_rel(units[rate], own).pvalue for rate, own in plain.items()]
    corrected = correct_for_many([*p_values, None])  # a kind without a default network is a kind all the same
    assert [found[f"mgu-{rate}"][0].p_corrected for rate in plain] == pytest.approx(corrected[:2])


def test_every_format_has_every_rival_of_every_kind() -> None:
    units = [example_unit("deep-mgu-a-s0", val_accuracy=0.92), example_unit("deep-mgu-b-s0", val_accuracy=0.85)]
    (table,) = ranked([*grid(), *units])
    analysis = Analysis(table)
    found = json.loads(to_json([analysis], []))["experiments"][0]
    kinds = {own["kind"]: own for own in found["verdicts"]}
    assert list(kinds) == ["mgu-a", "mgu-b"] and found["verdict"]["unit"] == "deep-mgu-a-s0"
    first = {own["role"]: own for own in reversed(kinds["mgu-b"]["rivals"])}
    assert first["best of the grid"]["difference"] == pytest.approx(0.85 - 0.91)
    assert first["best of the grid"]["cost_relative_to_unit"]["time"] == pytest.approx(12)
    assert first["default network"]["name"] == "deep-bn_pre-s0"
    assert first["default network"]["difference"] == pytest.approx(0.85 - 0.86)
    assert first["random search"]["difference"] == pytest.approx(0.85 - (0.80 + 0.91) / 2)  # one of twelve
    assert [own["unit_kind"] for own in found["budget"]] == ["mgu-a", "mgu-b"]
    rows = {row["model_name"]: row for row in csv.DictReader(io.StringIO(to_csv([table], [], [analysis])))}
    assert (rows["deep-mgu-b-s0"]["unit_kind"], rows["deep-mgu-b-s0"]["default_name"]) == ("mgu-b", "deep-bn_pre-s0")
    assert float(rows["deep-mgu-b-s0"]["grid_time_ratio"]) == pytest.approx(12)
    assert rows["deep-bn_pre-s0"]["unit_kind"] == ""
    for text in (to_markdown([analysis]), to_tex([analysis]).replace(r"\_", "_"), to_html([analysis], [])):
        for rival in ("best of 12: deep-no_norm-res-s0", "default: deep-bn_pre-s0", "random search at its cost"):
            assert rival in text
    assert "-6.00" in to_markdown([analysis])


def test_a_default_network_can_be_named_and_must_be_a_baseline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place, result in enumerate([*grid(), example_unit("deep-mgu-a-s0")]):
        (tmp_path / str(place)).mkdir()
        write_result(tmp_path / str(place), result)
    main([str(tmp_path), "--default", "shallow-ln-res"])
    assert "Against the default network, shallow-ln-res-s0, which one would" in capsys.readouterr().out
    for wrong, hint in (("deep-mgu-a-s0", "Did you mean deep-ln-s0"), ("shallow-ln-re", "Did you mean shallow-ln-res")):
        with pytest.raises(UserError, match=f"^--default must be the name of a baseline .* got {wrong}.*{hint}"):
            main([str(tmp_path), "--default", wrong])


def test_other_scores_are_compared_by_kind_and_with_the_default_too() -> None:
    def scored(make: Any, name: str, rmse: float, **changes: Any) -> Result:
        metrics = Metrics(loss=0.1, rmse=rmse)
        return make(name, task="regression", val=metrics, **changes)

    lines = sentences([
        scored(example_result, "deep-bn_pre-s0", 2.0, norm="bn_pre", layout=LAYOUTS["deep"]),
        scored(example_result, "shallow-ln-s0", 1.5),
        scored(example_unit, "deep-mgu-a-s0", 1.25), scored(example_unit, "deep-mgu-b-s0", 1.75),
    ])  # fmt: skip
    text = "\n".join(lines)
    assert "The unit deep-mgu-a-s0 has" in text and "The unit deep-mgu-b-s0 has" in text
    assert text.count("the default network, which one would train without a search, deep-bn_pre-s0") == 2


def loaded(processors: float, busy: float | None = None) -> DeviceLoad:
    gpu = None if busy is None else GpuLoad(2, busy, busy + 0.1, 900.0, 1000.0, 200.0, 300.0)
    return DeviceLoad(1.0, {"train": PhaseLoad(10.0, 10 * processors, 0.5, 10.0, gpu)})


def test_the_load_of_a_unit_stands_beside_that_of_plain_networks() -> None:
    plain, unit = loaded(0.75, 0.3), loaded(1.5, 0.8)
    (table,) = ranked([example_result("a-ln-s0", load=plain), example_unit("a-mgu-x-s0", load=unit),
                       example_result("old-ln-s0", norm="bn_pre")])  # fmt: skip
    rows = {row["model_name"]: row for row in csv.DictReader(io.StringIO(to_csv([table])))}
    own = rows["a-mgu-x-s0"]
    assert (own["processors_busy"], own["gpu_busy"], own["gpu_busy_max"]) == ("1.5", "0.8", "0.9")
    assert (own["gpu_memory_mib"], own["gpu_memory_mib_max"], own["gpu_power_w_max"]) == ("900.0", "1000.0", "300.0")
    assert rows["old-ln-s0"]["processors_busy"] == ""
    assert "| CPUs busy | GPU busy |" in to_markdown([Analysis(table)])
    axes = figures(Analysis(table))["load"].draw().axes
    assert [each.get_xlabel() for each in axes] == [
        "GPU busy [%]", "GPU power [W]", "GPU memory [MiB]", "processors busy",
    ]  # fmt: skip
    lines: list[Any] = [*axes[0].lines]
    points = {line.get_gid(): float(line.get_xdata()[0]) for line in lines if line.get_gid()}
    places = {row.name: f"point-{row.rank}" for row in table.rows}
    assert points == pytest.approx({places["a-ln-s0"]: 30.0, places["a-mgu-x-s0"]: 80.0})


def test_the_load_of_older_results_is_that_of_the_whole_run() -> None:
    use = Processor(9.0, 12.0, 0.5, 2, 1, "Xeon")
    (table,) = ranked([example_result(processor=use)])
    assert processors_busy(table.rows[0]) == pytest.approx(0.75)
    (table,) = ranked([example_result(processor=use, trained_together=2)])
    assert processors_busy(table.rows[0]) is None
