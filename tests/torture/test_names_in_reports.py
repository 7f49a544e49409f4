"""Names of experiments, data sets, columns, classes and folders are anybody's: no form of a report obeys them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from mgu.cli.report import FORMATS, main
from mgu.report.formats.csv import FORMULA_SIGNS, cell
from mgu.report.formats.markdown import escape
from mgu.results.on_disk.result_file import write_result
from mgu.text.printable import printable
from tests.examples import example_config, example_result, example_unit

NAMES = {
    "clears the screen": "\x1b[2J\x1b[Hx",
    "eight-bit control": "\x9b2Jx",
    "forges a line": "x\nskipped nothing\r## verdict\u2028y",
    "rings": "x\x07\x00\x7f",
    "reorders": "\u202egnp.exe\u2066",
    "is no character": "x\udcff",
    "rich markup": "[red]x[/] [link=http://e.org]y[/link]",
    "html": "<img src=x onerror=alert(1)> &lt;b&gt; \"'><script>",
    "markdown": "**b** _i_ `c` ![p](http://e.org/p.png) [l](http://e.org) [r][r] [r]: x www.e.org # ~~s~~ $x$ |",
    "tex": "\\input{/etc/passwd} $x$ %&#_{}~^",
    "formula": "=HYPERLINK(1)",
    "formula of plus": "+1+cmd|x",
    "formula of minus": "-1+cmd|x",
    "formula of at": "@SUM(1)",
    "formula after a tab": "\t=1+1",
}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def leave_runs(folder: Path, name: str) -> Path:
    """A baseline and a unit that have the name in every place, and a folder that is called so and holds no result."""
    config = example_config(dataset={"name": name, "classes": [name]}, optimizer={"lr": 0.1, "name": name})
    places = {"experiment_name": name, "dataset": name, "split": name, "layout": name, "device": name}
    for number, make in enumerate((example_result, example_unit)):
        own = folder / f"{number}"
        own.mkdir(parents=True)
        own_config = config | {"optimizer": {"lr": 0.1, "name": f"{name}{number}"}}
        result = make(f"{name}-s0", config=own_config, **{**places, "layout": f"{name}{number}"})
        write_result(own, result)
    broken = folder / re.sub("[/\x00]", "", name)
    broken.mkdir()
    (broken / "result.json").write_text("[")
    return folder


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "html"])
def test_no_form_obeys_a_name(form: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "\udcff" in name:
        return  # msgspec writes no lone surrogate: only paths may have one, see below
    main([str(leave_runs(tmp_path, name)), "--format", form])
    out, err = capsys.readouterr()
    assert not UNSEEN.search(out) and not UNSEEN.search(err)
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
        assert not [cell for cell in cells if cell.startswith((*FORMULA_SIGNS, "\t"))]
        assert any(printable(name) in cell for cell in cells)
    if form == "json":
        assert json.loads(out)["experiments"][0]["experiment"] == name
    if form == "table":
        assert printable(name) in out
    if form == "md":
        assert "<" not in out and not re.search(r"(?<!\\)\[[^\]]*\][(\[:]|(?<!:\\)//e.org", out)
        assert out.splitlines()[0] == "## " + escape(f"{name} ({name}, split: {name})") and out.count("\n## ") == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_page_obeys_a_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "\udcff" in name:
        return
    main([str(leave_runs(tmp_path, name)), "--format", "html"])
    out = capsys.readouterr().out
    assert not UNSEEN.search(out) and "<img" not in out and out.count("<script") == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("digits_2-bn_pre-res", "digits_2-bn_pre-res"),
        ("[2, 0, 1, inf, 2]", "[2, 0, 1, inf, 2]"),
        ("val_acc [%]", "val_acc [%]"),
        ("took 9 s (marked ~), p < 0.001", "took 9 s (marked ~), p &lt; 0.001"),
        ("_a_ __b a_", "\\_a\\_ \\_\\_b a\\_"),
        ("[x](y) [x] [^1]", "\\[x](y) [x] \\[^1]"),
        ("&amp; & b", "&amp;amp; & b"),
        ("http://e.org", "http:\\//e.org"),
        ("a\\|b", "a\\\\\\|b"),
    ],
)
def test_markdown_escapes_what_means_something_and_nothing_else(text: str, written: str) -> None:
    assert escape(text) == written


def test_numbers_of_a_csv_stay_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, value in enumerate((-0.5, 0.5)):
        (tmp_path / str(seed)).mkdir()
        result = example_result(
            name=f"x-s{seed}", seed=seed, config=example_config(optimizer={"lr": 0.1, "shift": value})
        )
        write_result(tmp_path / str(seed), result)
    main([str(tmp_path), "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["optimizer.shift"] for row in rows} == {"-0.5", "0.5"}


@pytest.mark.parametrize("name", ["-1", "+2.50", "-.5", "-3.", "+1e-3"])
def test_a_number_with_a_sign_is_no_formula(name: str) -> None:
    """Of a class -1 the report's name was '-1, and that of the predictions -1: nothing joined them."""
    assert cell(name) == name


@pytest.mark.parametrize(
    "name", ["-", "-1-1", "-1+cmd|x", "--1", "=-1", "-e5", "-1e", "-1:2", "-inf", "\uff0d1", "-1;=1"]
)
def test_what_only_begins_like_a_number_stays_quoted(name: str) -> None:
    assert cell(name) == f"'{name}"


def test_a_path_that_is_no_text_is_shown() -> None:
    assert printable("x\udcff\x1b[2J\u00e9") == "x\\udcff\\x1b[2J\u00e9"
