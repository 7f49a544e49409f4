"""A study of which files are missing says so; what a kill tears off is no damage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mgu.cli.study.plan import show_searches
from mgu.report.searches.load import load_curves
from mgu.results.on_disk.result_file import write_result
from mgu.results.runs.searches import Searches
from mgu.search.budget import Budget
from mgu.search.damage import describe_damage
from mgu.search.strategies import build_strategy
from mgu.search.study import SearchedData, Study
from tests.examples import example_result
from tests.search.spaces import GRID
from tests.search.test_history import fill

LOST = (
    "random on grid, seed 0: history.jsonl has lost lines, {} of 3 trials {} left in it. The command of the search "
    "goes on from there, and trains none again whose run is there."
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three trials that have ended, each with its run."""
    strategy = build_strategy("random", GRID, 0, {})
    study = Study(tmp_path / "digits", GRID, strategy, "random", 0, Budget(), {}, SearchedData("digits", "paper"))
    history = study.open()
    fill(history, 3, runs=True)
    for number in range(3):
        write_result(make(tmp_path / "digits" / f"run-{number}"), example_result(name=f"run-{number}"))
    return study


def make(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def said(study: Study) -> list[str]:
    """In a report, where it is the same as at the beginning of the command."""
    lines = describe_damage(study.title, study.read())
    assert load_curves([Searches(study.folder.parents[1])], "digits", "paper")[1] == lines
    return lines


@pytest.mark.parametrize(("share", "left"), [(0.0, "0 of 3 trials are"), (0.5, "1 of 3 trials is")])
def test_a_history_that_has_lost_lines_says_how_many_trials_are_left(study: Study, share: float, left: str) -> None:
    path = study.read().path
    assert said(study) == []
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    number, verb = left.split(maxsplit=1)[0], left.rsplit(maxsplit=1)[-1]
    assert said(study) == [LOST.format(number, verb)]
    path.unlink()
    assert describe_damage(study.title, study.read()) == [LOST.format(0, "are")]


def test_a_line_that_a_kill_has_torn_is_no_damage(study: Study) -> None:
    """It was never whole, so that nothing was said to follow from it."""
    history = study.read()
    history.append("asked", number=3, point=list(GRID.points())[3], seed=5, worker="w", ask_s=0.5)
    with history.path.open("ab") as file:
        file.write(b'{"event": "told", "number": 3, "sta')
    assert said(study) == []


def test_a_history_of_an_earlier_version_is_not_judged(study: Study) -> None:
    (study.folder / ".ended").unlink()
    path = study.read().path
    path.write_bytes(path.read_bytes()[:500])
    assert said(study) == []
    (study.folder / ".ended").write_text("x")
    assert said(study) == []


def test_runs_that_are_gone_are_named(study: Study) -> None:
    experiment = study.folder.parents[1]
    shutil.rmtree(experiment / "run-1")
    expected = "random on grid, seed 0: the run of 1 of 3 trials is not there any more (run-1). The history "
    assert said(study) == [f"{expected}still has its score, but no table of models does."]
    (experiment / "run-2" / "result.json").unlink()
    expected = "random on grid, seed 0: the runs of 2 of 3 trials are not there any more (run-1, run-2). The history "
    assert said(study) == [f"{expected}still has their scores, but no table of models does."]
    (experiment / "runs.tar.xz").touch()  # they may be there
    assert said(study) == []


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_plan_reads_a_history_once(
    form: str, study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was read for what is missing of it, and again for what it had spent."""
    shutil.rmtree(study.folder.parents[1] / "run-1")
    read: list[Study] = []
    once = Study.read
    monkeypatch.setattr(Study, "read", lambda self: read.append(self) or once(self))  # type: ignore[func-returns-value]
    monkeypatch.setattr("mgu.cli.study.plan._estimate_trial", lambda planned, notes: notes.append("of data"))
    planned: Any = SimpleNamespace(study=study)
    show_searches([planned], form)
    told = capsys.readouterr().out.replace("\n", " ")
    assert read == [study]
    if form == "table":
        assert told.index("of data") < told.index("is not there any more (run-1)") < told.index("budget")
    else:
        assert json.loads(told)["studies"][0]["trials_done"] == 3
