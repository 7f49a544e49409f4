"""The page and the pictures: whole, escaped, the same every time; and at work in a real browser where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pytest

from mgu.cli.report import main
from mgu.report.analysis import Analysis
from mgu.report.figures.results import pareto_front
from mgu.report.figures.style import FORMS, encode
from mgu.report.figures.write import figures
from mgu.report.formats.html import to_html
from mgu.report.formats.latex import LETTERS, escape, to_tex
from mgu.report.ranking.rank import rank
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.files import write_text
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.load import load_results
from mgu.results.schema.result import Result
from tests.examples import example_result, example_unit

EVIL = "<img src=x onerror=alert(1)>&{{7*7}}\"'\\_%$#|[red]"
HISTORY = "epoch,val_accuracy\n1,0.5\n2,0.7\n3,0.9\n"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PDFLATEX = shutil.which("pdflatex")


def leave_run(folder: Path, result: Result) -> None:
    """All that a run leaves and a report reads."""
    own = folder / f"{len(list(folder.iterdir()))}" if folder.exists() else folder / "0"
    own.mkdir(parents=True)
    gates = {gate: {"statistics": {"mean": 0.25}} for gate in ("skip", "norm")}
    write_text(own / "explain.json", json.dumps({"units": [{"name": "conv1", "gates": gates}]}))
    write_text(own / "history.csv", HISTORY)
    write_correct(own, 8, bytes([255 - result.seed]))
    write_result(own, result)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seeds of two baselines and a unit; one name is an attack, one file is torn."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (0, 1):
        for name, accuracy in (("digits_2-ln", 0.9), (EVIL, 0.5)):
            result = example_result(f"{name}-s{seed}", seed=seed, val_accuracy=accuracy + seed / 50, train_s=9 + seed,
                                    layout=name, experiment_name=EVIL)  # fmt: skip
            leave_run(folder, result)
        unit = example_unit(f"digits_2-mgu-s{seed}", seed=seed, val_accuracy=0.93 + seed / 100, experiment_name=EVIL)
        leave_run(folder, unit)
    (folder / "torn").mkdir()
    (folder / "torn" / "result.json").write_text("<script>")
    return folder


def analysis_of(folder: Path) -> Analysis:
    (table,) = rank(load_results([folder]).runs)
    return Analysis(table)


@pytest.fixture(scope="module")
def page(runs: Path) -> str:
    loaded = load_results([runs])
    return to_html([Analysis(table) for table in rank(loaded.runs)], loaded.skipped)


@pytest.mark.slow
def test_the_page_needs_nothing_and_believes_nothing(page: str) -> None:
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;&amp;{{7*7}}" in page
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)|url\((?!#)|@import", page)
    assert "default-src 'none'" in page and page.count("<svg") == 5 and "1 file could not be read" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and all(f'id="{name}"' in page for name in re.findall(r'href="#([^"]+)"', page))


def test_one_row_is_not_called_rows(page: str, tmp_path: Path) -> None:
    leave_run(tmp_path, example_result("digits_2-ln-s0"))
    assert ">3 rows</output>" in page and ">1 row</output>" in to_html([analysis_of(tmp_path)], [])


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes(runs: Path, page: str, tmp_path: Path) -> None:
    again = load_results([runs])
    assert to_html([Analysis(table) for table in rank(again.runs)], again.skipped) == page
    first, second = (figures(analysis_of(runs))["ranks"].draw() for _ in range(2))
    for form in FORMS:
        assert encode(first, form) == encode(second, form), form


def test_pictures_say_what_the_runs_say(runs: Path) -> None:
    analysis = analysis_of(runs)
    drawn = {name: figure.draw() for name, figure in figures(analysis).items()}
    (axes,) = drawn["ranks"].axes
    assert [tick.get_text().split("  ")[1] for tick in axes.get_yticklabels()] == [
        row.name for row in analysis.table.rows]  # fmt: skip
    points: dict[Any, Any] = {line.get_gid(): line.get_xdata() for line in axes.lines if line.get_gid()}
    assert [float(points[f"point-{row.rank}"][0]) for row in analysis.table.rows] == pytest.approx([93.5, 91.0, 51.0])
    shown: list[Any] = [*drawn["histories"].axes[0].lines]
    lines = [list(line.get_ydata()) for line in shown]
    assert lines == [pytest.approx([50, 70, 90])]
    assert cast(Any, drawn["gates"].axes[0].collections[0].get_array()).tolist() == [[0.25, 0.25]]


def test_the_pareto_front_is_what_nothing_beats() -> None:
    assert pareto_front([3, 1, 2, 2, 4], [0.9, 0.5, 0.7, 0.6, 0.9]) == [1, 2, 0]


def test_torn_evidence_spoils_no_picture(tmp_path: Path) -> None:
    leave_run(tmp_path / "runs", example_unit())
    for name, content in (("history.csv", "epoch,val_acc"), ("explain.json", '{"units": [{'), ("correct.bits", "9\n")):
        (tmp_path / "runs" / "0" / name).write_text(content)
    assert list(figures(analysis_of(tmp_path))) == ["ranks", "pareto"]


@pytest.mark.slow
def test_one_folder_of_pictures_an_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        leave_run(tmp_path / "runs", example_result(experiment_name=name))
        (tmp_path / "runs" / ("0" if name == "a" else "1") / "history.csv").unlink()
    main([str(tmp_path / "runs"), "--pictures", str(tmp_path / "out")])
    written = capsys.readouterr().out.split()
    assert f"{tmp_path}/out/b-digits-paper/ranks.svg" in written and all(Path(path).stat().st_size for path in written)
    ElementTree.parse(tmp_path / "out" / "a-digits-paper" / "pareto.svg")


def test_latex_has_no_sign_of_its_own_in_a_value(runs: Path) -> None:
    text = to_tex([analysis_of(runs)])
    assert (
        escape(EVIL) in text
        and EVIL not in text
        and escape("\u4e2d~^<") == r"?\textasciitilde{}\textasciicircum{}\textless{}"
    )
    assert all(text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") > 0
               for name in ("document", "tabular", "itemize"))  # fmt: skip
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    columns = len(text.split(r"\toprule")[1].split(r"\midrule")[0].split(" & "))
    assert len(body) == 3 and all(len(re.split(r"(?<!\\)&", line)) == columns for line in body)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Stra\u00dfe, \u017d\u00e1ba, \u0218tef\u0103ni\u021b\u0103, \u0141\u00f3d\u017a", None),  # as it is
        ("Z\u0306 e\u0301", "Z? \u00e9"),  # accents of their own, as in the names of folders on some systems
        ("2\u00d72 \u0127 \u017f \u03b1 \u0180", "2?2 ? ? ? ?"),
        ("--a---b -c", "-{}-a-{}-{}-b -c"),
        ("``it's'' ,,x'", r"\textasciigrave{}\textasciigrave{}it's'{}' ,{},x'"),
    ],
)
def test_latex_shows_letters_and_signs_as_they_are(text: str, written: str | None) -> None:
    """Letters with accents were question marks, and --, `` and '' a dash and quotes."""
    assert escape(text) == (written or text)


@pytest.mark.slow
@pytest.mark.skipif(PDFLATEX is None, reason="there is no pdflatex here to compile with")
def test_latex_compiles(runs: Path, tmp_path: Path) -> None:
    letters = escape(" ".join(sorted(LETTERS)))
    text = to_tex([analysis_of(runs)]).replace(r"\end{document}", rf"{letters}\end{{document}}")
    (tmp_path / "report.tex").write_text(text, encoding="utf-8")
    command = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and (tmp_path / "report.pdf").exists(), done.stdout[-2000:]


ACTIONS = """
<script>
const problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("securitypolicyviolation", (event) => problems.push(event.violatedDirective));
const table = () => document.querySelector("table.ranking");
const rows = () => [...table().tBodies[0].rows].filter((row) => row.offsetParent);
const names = () => rows().map((row) => row.cells[1].textContent);
const header = (title) => [...table().tHead.rows[0].cells].find((cell) => cell.textContent === title);
const click = (title) => { header(title).firstChild.click(); return [header(title).ariaSort, ...names()]; };
const type = (text) => {
  const input = document.querySelector("input");
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  return [input.nextElementSibling.value, ...names()];
};
const point = (selector) => {
  document.querySelector(selector).dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  const label = document.getElementById("label");
  return label.hidden ? null : label.textContent;
};
const ground = () => getComputedStyle(document.body).backgroundColor;
addEventListener("load", () => {
  const seen = {
    initial: names(), up: click("tts [s]"), down: click("tts [s]"), words: click("model_name"),
    filtered: type("mgu"), none: type("nothing such"), all: type(""),
    hover: point(".point"), cell: point("tr.unit td[data-label]"), away: point("h1"),
    grounds: [ground(), (document.getElementById("theme").click(), ground())],
    width: document.documentElement.scrollWidth - innerWidth, problems,
  };
  document.body.innerHTML = "<pre id=seen></pre>";
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
</script>
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here to look with")
@pytest.mark.parametrize("width", [1400, 500])
def test_the_page_at_work_in_chromium(page: str, width: int, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page.replace("<style>", ACTIONS + "<style>", 1))
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile",
               f"--window-size={width},900", "--enable-logging=stderr", "--dump-dom",
               f"file://{tmp_path}/page.html"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found and ":CONSOLE" not in done.stderr
    seen = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    unit, plain = "digits_2-mgu", "digits_2-ln"
    assert seen["initial"] == [unit, plain, EVIL] and seen["problems"] == []
    assert seen["up"] == ["ascending", plain, EVIL, unit] and seen["down"] == ["descending", unit, plain, EVIL]
    assert seen["words"][0] == "ascending" and sorted(seen["words"][1:]) == sorted(seen["initial"])
    assert seen["filtered"] == ["1 of 3 rows", unit] and seen["none"] == ["0 of 3 rows"] and len(seen["all"]) == 4
    assert seen["hover"] == "digits_2-mgu: 93.50% \u00b1 0.71 (2 seeds), 20.0 s" and seen["away"] is None
    assert seen["cell"] == "seed 0: 93.00%, seed 1: 94.00%"
    assert sorted(seen["grounds"]) == ["rgb(21, 23, 26)", "rgb(255, 255, 255)"]
    assert seen["width"] <= 0  # nothing but the tables scrolls sideways
