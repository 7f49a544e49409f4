"""The report: order, figures, the paper beside them, and files that are not results."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mgu import load_runs
from mgu.cli.report import main
from mgu.errors import UserError
from mgu.report.analysis import Analysis
from mgu.report.formats.terminal import _print_table
from mgu.report.formats.text import to_csv, to_json, to_markdown
from mgu.report.ranking.paper import paper_table
from mgu.report.ranking.rank import Table
from mgu.results.result import Component, Result, write_result
from tests.examples import example_result, example_unit, ranked, sentences


def markdown(tables: list[Table]) -> str:
    return to_markdown([Analysis(table) for table in tables])


def save(folder: Path, *results: Result) -> None:
    for number, result in enumerate(results):
        (folder / str(number)).mkdir(parents=True)
        write_result(folder / str(number), result)


def test_best_first_then_diverged_then_failed() -> None:
    results = [
        example_result("failed", status="failed", val_accuracy=None, seconds=None, energy=None, params_keras=None),
        example_result("poor", val_accuracy=0.5),
        example_result("lost", status="diverged", val_accuracy=None),
        example_result("half", status="diverged", val_accuracy=0.7),
        example_unit("best", val_accuracy=0.99),
    ]
    (table,) = ranked(results)
    assert [(row.rank, row.result.name) for row in table.rows] == [
        (1, "best"), (2, "half"), (3, "poor"), (4, "lost"), (None, "failed")]  # fmt: skip


def test_columns_are_the_papers_in_its_order() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(ranked([example_unit(), example_result()])))))
    expected = ["rank", "model_name", "layout", "norm", "residual", "model_size", "tts_s", "train_acc", "val_acc"]
    assert rows[0][: len(expected)] == expected
    assert rows[1][1:9] == ["digits_2-ln-s0", "[2, 0, 1, inf, 2]", "ln", "0", "5226", "20.0", "90.0", "90.0"]
    assert rows[2][3:5] == ["", ""]  # a unit has neither norm nor residual


def test_the_cost_of_the_search_with_and_without_diverged_units() -> None:
    """The CIFAR figures of the paper: 13,495 s for the grid, 1,089 s for one unit, 2,115 s for one that diverged."""
    results = [example_result(f"b{i}", train_s=13495 / 24, cpu_kwh=0.01) for i in range(24)]
    results += [example_unit("u7", train_s=1089.0, cpu_kwh=0.04)]
    results += [example_unit("u15", status="diverged", val_accuracy=0.3, train_s=2115.0, cpu_kwh=0.08)]
    lines = "\n".join(sentences(results))
    assert "Grid: 24 runs, 13,495 s to solution" in lines and "CPU 240 Wh (model, estimated)" in lines
    assert "not charged: 12.4x in time, 6.0x in CPU energy (model, estimated)" in lines
    assert "all runs charged: 4.2x in time, 2.0x in CPU energy (model, estimated)" in lines
    assert "1 of 26 runs diverged." in lines


def test_what_failed_is_paid_for_but_is_no_time_to_solution() -> None:
    lost = example_result("lost-s1", seed=1, status="failed", val_accuracy=None, train_s=60.0)
    lines = "\n".join(sentences([example_result("lost-s0", train_s=20.0), lost, example_unit(train_s=20.0)]))
    assert "all runs charged: 2.0x in time" in lines and "no diverged or failed run charged: 1.0x in time" in lines
    (table,) = ranked([example_result("lost-s0", train_s=20.0), lost])
    assert table.rows[0].tts_s == 20


def test_the_claim_of_a_tenth_is_held_against_the_ratios() -> None:
    grid = [example_result(f"b{i}", train_s=20.0, cpu_kwh=0.01) for i in range(24)]
    lines = "\n".join(sentences([*grid, example_unit(train_s=40.0, cpu_kwh=0.03)]))
    assert "That a unit costs a tenth of the grid is borne out by 12.0x in time" in lines
    assert "is not borne out by 8.0x in CPU energy (model, estimated)." in lines
    assert "a tenth" not in "\n".join(sentences([*grid[:3], example_unit()]))


def test_models_of_one_name_are_told_apart() -> None:
    config = {"training": {"epochs": 30}, "optimizer": {"lr": 0.1}}
    lines = sentences([example_result(), example_result(seed=1, name="digits_2-ln-s1", config=config)])
    assert "2 models are called digits_2-ln: they differ in optimizer.lr." in lines


def test_every_cost_is_in_the_machine_readable_forms() -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv(ranked([example_result()]))))
    assert (row["ram_wh"], row["ram_method"], row["co2_kg_estimated"]) == ("2.0", "model", "0.0001")
    assert float(row["processor_s"]) == 19


def test_methods_are_never_mixed_in_a_ratio() -> None:
    results = [example_result(cpu_method="rapl"), example_unit(cpu_method="model")]
    lines = "\n".join(sentences(results))
    assert "1.0x in time, CPU energy not comparable (methods model and rapl)" in lines
    text = markdown(ranked(results))
    assert "1 rapl, measured" in text and "1 model, estimated" in text and "CPU [Wh] |" in text


def test_gpu_energy_has_its_own_column_and_method() -> None:
    result = example_result()
    assert result.energy is not None
    energy = {part: getattr(result.energy, part) for part in result.energy.__struct_fields__}
    energy["gpu"] = Component(kwh=0.0123, method="nvml_counter")
    text = markdown(ranked([example_result(energy=type(result.energy)(**energy))]))
    assert "GPU [Wh] nvml_counter, measured" in text and "12.3" in text
    assert "GPU" not in markdown(ranked([result]))


def test_short_runs_are_marked() -> None:
    (table,) = ranked([example_result("quick", train_s=3.0), example_result("long")])
    assert "3.0~" in markdown([table]) and "20.0~" not in markdown([table])
    assert any("1 of 2 runs took under 10 s (marked ~)" in line for line in Analysis(table).lines)


def test_contended_and_resumed_runs_are_marked_and_in_no_ratio() -> None:
    results = [example_result(f"b{i}", train_s=100.0, contended=i == 0, resumed=int(i == 1)) for i in range(4)]
    (table,) = ranked([*results, example_unit(train_s=50.0)])
    text = markdown([table])
    assert "100.0! " in text and "100.0+ " in text
    lines = Analysis(table).lines
    assert any("2 of 4 baselines and 1 of 1 units" in line for line in lines)
    assert any(line.startswith("Grid / unit") and "4.0x in time" in line for line in lines)
    assert any("1 of 5 runs shared the host" in line for line in lines)
    assert any("1 of 5 runs were interrupted and went on" in line for line in lines)
    rows = list(csv.DictReader(io.StringIO(to_csv([table]))))
    assert sorted(row["contended"] + row["resumed"] for row in rows) == ["00", "00", "00", "01", "10"]
    (alone,) = ranked([*results, example_unit(contended=True)])
    assert any("no ratio, for no unit was measured on its own" in line for line in Analysis(alone).lines)


def paper_result(position: int, **changes: Any) -> Result:
    """A result that fits the paper's MNIST row at that rank."""
    row = paper_table("mnist")[position]
    size = round(float(row.model_size[:-1]) * 1000)
    model = "baseline" if row.norm else "unit"
    own = {"layout": row.layout, "norm": row.norm, "residual": row.residual, "params_keras": size, "model": model}
    return example_result(row.model_name, dataset="mnist", **(own | changes))


def test_the_paper_stands_beside_what_it_measured_too() -> None:
    ours = [paper_result(place, val_accuracy=accuracy) for place, accuracy in ((0, 0.99), (5, 0.98), (24, 0.97))]
    (table,) = ranked([*ours, example_result("other layout", dataset="mnist")])
    assert [row.paper and row.paper.model_name for row in table.rows] == ["MNI_MGU_001", "MNI_005", "MNI_017", None]
    assert "| paper [%] |" in markdown([table]) and "| 99.32 |" in markdown([table])
    assert any("Kendall's tau-b 1.00 over 3 rows" in line for line in Analysis(table).lines)


def test_the_correlation_is_scipys_with_diverged_rows_last() -> None:
    ours = [paper_result(0, val_accuracy=0.9), paper_result(5, val_accuracy=0.99),
            paper_result(24, val_accuracy=None, status="diverged")]  # fmt: skip
    assert any("tau-b 0.33 over 3 rows" in line for line in sentences(ours))


def test_a_unit_of_another_size_is_not_the_papers() -> None:
    (table,) = ranked([paper_result(0), paper_result(0, params_keras=683_754, config={"mgu": {}})])
    assert sorted(row.paper is None for row in table.rows) == [False, True]


@pytest.mark.parametrize("form", ["table", "md", "csv", "json"])
def test_torn_and_foreign_files_are_named_and_skipped(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path, example_result(), example_unit())
    for name, content in (("torn", '{"schema_version": 1, "sta'), ("foreign", "[1, 2]"), ("empty", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(content)
    main([str(tmp_path), "--format", form])
    out, err = capsys.readouterr()
    assert all(f"skipped {tmp_path / name}/result.json" in err for name in ("torn", "foreign", "empty"))
    assert "digits_2-mgu-reference-s0" in out
    if form == "json":
        assert len(json.loads(out)["skipped"]) == 3


def test_a_pipe_is_not_waited_for_and_an_empty_config_is_no_fault(tmp_path: Path) -> None:
    save(tmp_path, example_result(config={}))
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "result.json")
    main([str(tmp_path)])


@pytest.mark.parametrize(("width", "gone", "there"), [(130, "norm", "epochs"), (90, "epochs", "val_acc [%]"),
                                                      (75, "CPU [Wh]", "val_acc [%]"), (240, "", "norm")])  # fmt: skip
def test_a_narrow_terminal_keeps_what_matters(width: int, gone: str, there: str) -> None:
    """What the name says goes first; nothing is folded while anything can go, and what went is named."""
    screen = io.StringIO()
    _print_table(Console(width=width, file=screen), ranked([example_result(), example_unit()])[0])
    table, _, missing = screen.getvalue().partition("Left out for want of room: ")
    assert gone in missing.replace("\n", " ") and there in table and (not gone or gone not in table)
    assert "digits_2-mgu-reference-s0" in table and max(map(len, table.splitlines())) <= width


def test_nothing_to_report_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Run `mgu-run \+experiment=digits -m` first"):
        main([str(tmp_path)])
    with pytest.raises(UserError, match=r"there is none in .*nowhere"):
        main([str(tmp_path / "nowhere")])


def test_a_folder_that_is_missing_is_named_and_the_others_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "here", example_result())
    main([str(tmp_path / "nowhere"), str(tmp_path / "here")])
    out, err = capsys.readouterr()
    assert "digits_2-ln-s0" in out and f"skipped {tmp_path / 'nowhere'}: does not exist" in err


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, example_result("[bold]a|b[/bold]", experiment_name="[red]x"))
    main([str(tmp_path)])
    main([str(tmp_path), "--format", "md"])
    out = capsys.readouterr().out
    assert "[bold]a|b[/bold]" in out and "tts [s]" in out and "[red]x" in out and "a\\|b" in out


def test_experiments_have_a_table_each() -> None:
    results = [example_result(experiment_name="b"), example_result(experiment_name="a"), example_unit()]
    assert [table.experiment for table in ranked(results)] == ["a", "b", "trial"]
    assert len(json.loads(to_json([Analysis(table) for table in ranked(results)], []))["experiments"]) == 3


def test_runs_as_a_pandas_table(tmp_path: Path) -> None:
    save(tmp_path, example_result(), example_unit(val_accuracy=0.95))
    frame = load_runs(tmp_path)
    assert len(frame) == 2 and frame["val.accuracy"].max() == 0.95
    assert frame.groupby("model")["energy.cpu.kwh"].sum().to_dict() == {"baseline": 0.001, "unit": 0.001}


def test_energy_that_is_not_known_of_every_run_gives_no_ratio() -> None:
    results = [example_result("a"), example_result("b", energy=None), example_unit("u")]
    lines = "\n".join(sentences(results))
    assert "energy and processor time of 1 not known and not in the sums" in lines
    assert "2.0x in time, CPU energy not comparable (not known of every run)" in lines


def test_runs_on_other_images_are_another_table() -> None:
    tables = ranked([example_result(), example_unit(dataset="mnist"), example_unit(split="holdout")])
    assert [table.title for table in tables] == [
        "trial (digits, split: holdout)",
        "trial (digits, split: paper)",
        "trial (mnist, split: paper)",
    ]


def test_runs_that_differ_in_what_must_be_the_same_are_named() -> None:
    other = {"training": {"epochs": 1}, "optimizer": {"lr": 0.01}}
    lines = "\n".join(sentences([example_result(), example_unit(config=other, device="cuda:0 (H100)")]))
    assert "The runs differ in device (cpu (2 threads), cuda:0 (H100))" in lines
    assert "differ in training.epochs (1, 30)" in lines and "optimizer.lr" not in lines


@pytest.mark.parametrize("form", ["table", "md", "csv", "json"])
def test_the_report_imports_nothing_that_it_does_not_need(form: str, tmp_path: Path) -> None:
    """One seed each has no statistics; rich is taken only where something is drawn."""
    save(tmp_path / "runs", *(paper_result(place) for place in range(3)))
    code = "import sys; from mgu.cli.main import main; main(); print(sorted({m.split('.')[0] for m in sys.modules}))"
    command = [sys.executable, "-c", code, "report", str(tmp_path), "--format", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    slow = {"torch", "hydra", "omegaconf", "pandas", "pydantic", "codecarbon", "matplotlib", "jinja2"}
    assert not imported & (slow | ({"scipy", "numpy"} if form == "csv" else set()))
    assert ("rich" in imported) == (form == "table")
