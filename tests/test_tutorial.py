"""docs/tutorial.md: every command of it runs, in the order of the page, on the files that it begins with.

With --long only: it takes minutes.
"""

from __future__ import annotations

import importlib
import json
import shlex
import sys
from pathlib import Path

import pytest

from tests.conftest import Command

pytestmark = [pytest.mark.slow, pytest.mark.long]

FOLDER = Path(__file__).parents[1] / "docs" / "tutorial"
PAGE = FOLDER.with_suffix(".md").read_text(encoding="utf-8")


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_every_command_of_the_tutorial_runs(
    scripts: None, mgu_run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["write_files.py", str(tmp_path)])
    importlib.import_module("write_files").main()
    for command in importlib.import_module("render").commands(PAGE):
        program, *words = shlex.split(command)
        assert program == "mgu-run"
        done = mgu_run(*words, MGU_RUNS="runs")
        assert done.returncode == 0, (command, done)
    for experiment in ("photos", "digits", "tumours", "recipes", "shop"):
        results = [json.loads(file.read_text()) for file in (tmp_path / "runs" / experiment).glob("*/result.json")]
        assert results and {result["status"] for result in results} == {"ok"}
