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
from mgu.report.card.card import to_card
from mgu.report.figures.style import kind_of
from mgu.report.formats.csv import to_csv
from mgu.report.formats.html import to_html
from mgu.report.formats.json import to_json
from mgu.report.formats.latex import to_tex
from mgu.report.formats.markdown import to_markdown
from mgu.report.formats.tables import verdict_table
from mgu.report.formats.terminal import print_table
from mgu.results.on_disk.result_file import write_result
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from tests.examples import example_config, example_result, example_unit, ranked, sentences
from tests.report.runs import paper_result


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


def test_nothing_is_claimed_of_the_norms_of_a_whole_network(tmp_path: Path) -> None:
    """Runs of the user's networks are stored as no_norm: mgu adds none, and does not know what is in them."""
    layout: dict[str, Any]
    for layout in ({"name": "Net", "target": "my_nets:Net"}, {"name": "nago_tiny", "top_nodes": 4}):
        config = example_config(layout=layout, dataset={"name": "digits"})
        own = example_result(norm="no_norm", layout="my_nets:Net", config=config)
        tables = ranked([own])
        (record,) = csv.DictReader(io.StringIO(to_csv(tables)))
        assert record["norm"] == record["residual"] == "" and own.norm == "no_norm"
        assert "| my_nets:Net | N/A | N/A |" in to_markdown([Analysis(table) for table in tables])
        card = to_card(tmp_path, own)
        assert "normalisation" not in card and "residual" not in card
        assert kind_of(tables[0].rows[0]) == "own norms"
    dense = example_config(layout={"name": "dense_2", "layer": {"target": "my:Layer"}}, dataset={"name": "digits"})
    card = to_card(tmp_path, example_result(norm="no_norm", config=dense))
    assert "| normalisation | no_norm |" in card and "| residual | no |" in card


def test_models_of_one_name_are_told_apart() -> None:
    """By every key in which they differ, in their names and as a column, in every form."""
    config = {"training": {"epochs": 30}, "optimizer": {"lr": 0.1}}
    (table,) = ranked([example_result(), example_result(seed=1, name="digits_2-ln-s1", config=config)])
    assert [row.name for row in table.rows] == ["digits_2-ln-lr0.01-s0", "digits_2-ln-lr0.1-s1"]
    rows = list(csv.DictReader(io.StringIO(to_csv([table]))))
    assert [row["optimizer.lr"] for row in rows] == ["0.01", "0.1"]
    for form in (to_markdown, to_tex, lambda own: to_json(own, []), lambda own: to_html(own, [])):
        assert all(name in form([Analysis(table)]).replace(r"\_", "_") for name in ("optimizer.lr", "ln-lr0.01-s0"))


def test_rows_that_nothing_tells_apart_have_names_of_their_own() -> None:
    """Configurations that cannot be read: by identity, and by number where a file was copied and changed."""
    results = [example_result(name="x", identity=own, seed=seed, config={"a": {"b": seed}})
               for seed, own in ((0, "aaaaaaaa"), (1, "bbbbbbbb"))]  # fmt: skip
    same = [example_result(name="y", layout=layout, config={"layout": {"c": [layout] * 40}}) for layout in "pq"]
    (table,) = ranked([*results, *same])
    names = [row.name for row in table.rows]
    assert len(set(names)) == 4 and "x-b0" in names


def test_json_names_what_has_a_name_that_is_no_text() -> None:
    (table,) = ranked([example_result()])
    text = to_json([Analysis(table)], [os.fsdecode(b"bad\xff/result.json: torn")])
    assert json.loads(text)["skipped"] == ["bad\udcff/result.json: torn"] and text.startswith('{\n  "units"')


def test_json_has_null_for_a_number_that_json_does_not_have() -> None:
    """The error of a regression that diverged was written as Infinity, which few readers take."""
    lost = Metrics(loss=float("inf"), rmse=float("inf"), mae=float("inf"), r2=float("-inf"))
    (table,) = ranked([example_result("diverged-s0", train=lost, val=lost, task="regression")])

    def refuse(name: str) -> None:
        raise AssertionError(name)

    [experiment] = json.loads(to_json([Analysis(table)], []), parse_constant=refuse)["experiments"]
    assert [row["model_name"] for row in experiment["rows"]] == [row.name for row in table.rows]


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


@pytest.mark.parametrize("number", [6, 7, 1100])
def test_many_files_that_cannot_be_read_are_one_line(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "all runs"
    for index in range(number):
        (runs / f"torn-{index:04d}").mkdir(parents=True)
        (runs / f"torn-{index:04d}" / "result.json").write_text("{")
    with pytest.raises(UserError, match=rf"torn-0002/result.json: .*; and {number - 3:,} more\)"):
        main([str(runs)])
    save(runs, example_result())
    main([str(runs)])
    lines = capsys.readouterr().err.splitlines()
    if number == 6:
        assert len(lines) == 6 and lines[5].startswith(f"skipped {runs}/torn-0005/result.json: not a result")
        return
    (line,) = lines
    assert line.startswith(f"skipped {number:,} files: {runs}/torn-0000/result.json: not a result of schema")
    assert line.count("result.json") == 3 and f"; and {number - 3:,} more. `mgu-run report '{runs}' --format" in line
    main([str(runs), "--format", "json"])
    assert len(json.loads(capsys.readouterr().out)["skipped"]) == number


def test_a_pipe_is_skipped_and_not_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path, example_result())
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "result.json")
    main([str(tmp_path), "--format", "csv"])
    out, err = capsys.readouterr()
    assert err == f"skipped {tmp_path}/pipe/result.json: no plain file\n"
    assert [row["model_name"] for row in csv.DictReader(io.StringIO(out))] == ["digits_2-ln-s0"]


@pytest.mark.parametrize(("width", "gone", "there"), [(130, "norm", "epochs"), (90, "epochs", "val_acc [%]"),
                                                      (75, "CPU [Wh]", "val_acc [%]"), (240, "", "norm")])  # fmt: skip
def test_a_narrow_terminal_keeps_what_matters(width: int, gone: str, there: str) -> None:
    """What the name says goes first; nothing is folded while anything can go, and what went is named."""
    screen = io.StringIO()
    print_table(Console(width=width, file=screen), ranked([example_result(), example_unit()])[0])
    table, _, missing = screen.getvalue().partition("Columns hidden to fit the terminal: ")
    assert gone in missing.replace("\n", " ") and there in table and (not gone or gone not in table)
    assert "digits_2-mgu-reference-s0" in table and max(map(len, table.splitlines())) <= width


def test_a_narrow_terminal_keeps_the_score_that_ranks_and_the_test_score_longest() -> None:
    metrics = Metrics(loss=1.0, accuracy=0.4)
    table = ranked([example_result(split="holdout", test=metrics), example_unit(split="holdout", test=metrics)])[0]
    for width, there, gone in ((40, "val_acc [%]", "test_acc [%]"), (90, "test_acc [%]", "epochs")):
        screen = io.StringIO()
        print_table(Console(width=width, file=screen), table)
        shown, _, missing = screen.getvalue().partition("Columns hidden to fit the terminal: ")
        shown, missing = " ".join(shown.split()), " ".join(missing.split())
        assert gone in missing and gone not in shown and there not in missing


def test_a_narrow_terminal_keeps_what_decides_on_a_rival_longer_than_its_costs() -> None:
    table = verdict_table(Analysis(ranked([example_result(), example_unit()])[0]))
    assert table.lesser == ("seeds", "rival's CPU time", "rival's time", "95 % interval", "p")


def test_nothing_to_report_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Run `mgu-run \+experiment=digits -m` first"):
        main([str(tmp_path)])
    with pytest.raises(UserError, match=r"nowhere: does not exist"):
        main([str(tmp_path / "nowhere")])


def test_runs_that_were_stopped_are_left_out_unless_there_are_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training = example_config()["training"] | {"epochs": 9, "stop_after": 4}
    save(tmp_path / "stopped", example_result(config=example_config(training=training), epochs=4, best_epoch=4, seed=1))
    main([str(tmp_path)])
    out, err = capsys.readouterr()
    assert "digits_2-ln" in out and "all of these runs before their end: they are ranked as they are" in err
    save(tmp_path / "whole", example_result())
    main([str(tmp_path)])
    assert "left out 1 run that training.stop_after stopped" in capsys.readouterr().err


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
    assert "Units have training.epochs=1, baselines training.epochs=30: a difference" in lines
    assert "optimizer.lr" not in lines


@pytest.mark.slow
@pytest.mark.parametrize("form", ["table", "md", "csv", "json"])
def test_the_report_imports_nothing_that_it_does_not_need(form: str, tmp_path: Path) -> None:
    """One seed each has no statistics; rich is taken only where something is drawn."""
    save(tmp_path / "runs", *(paper_result(place) for place in range(form == "csv", 4)))  # without a unit, no verdict
    code = "import sys; from mgu.cli.main import main; main(); print(sorted({m.split('.')[0] for m in sys.modules}))"
    command = [sys.executable, "-c", code, "report", str(tmp_path), "--format", form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    slow = {"torch", "hydra", "omegaconf", "pandas", "pydantic", "codecarbon", "matplotlib", "jinja2"}
    assert not imported & (slow | ({"scipy", "numpy"} if form == "csv" else set()))
    assert ("rich" in imported) == (form == "table")
