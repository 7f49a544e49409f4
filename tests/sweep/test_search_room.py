"""A trial that fails for want of room is tried again by the same command, which asks for the same points as ever."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mgu.errors import RunsFailed
from mgu.results.schema.result import Result
from mgu.search.budget import Budget
from mgu.search.study import Study
from mgu.sweep.search import worker as module
from mgu.sweep.search.worker import TrialSettings, Worker
from tests.examples import example_result
from tests.processes import Running, run_cold
from tests.search.test_spending import study_of

TRIALS = 4


def full(number: int) -> str:
    return str(OSError(number, os.strerror(number), "checkpoint.pt"))


def asked_and_told(study: Study) -> list[Any]:
    """The history without times and workers."""
    lines = (study.folder / "history.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    kept = ("event", "number", "point", "seed", "state", "score")
    return [{key: event.get(key) for key in kept} for event in events if event["event"] in ("asked", "told")]


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Errors with which the next runs fail, one for each; the others end well, with the score of their number."""
    errors, results = list[str](), dict[str, Result]()

    def run_job(configs: list[Any], number: int, *_: Any, **__: Any) -> Iterator[None]:
        yield from ()
        if errors:
            result = example_result(status="failed", error=errors.pop(0), val_accuracy=None)
        else:
            result = example_result(val_accuracy=number / 10)
        results["last"] = result
        return ["failed" if result.status == "failed" else "done"]  # type: ignore[return-value]

    monkeypatch.setattr(module, "run_job", run_job)
    monkeypatch.setattr(module, "find_result", lambda config: results["last"])
    for name in ("check_not_closed", "check_not_foreign", "check_same_data", "find_done"):
        monkeypatch.setattr(module, name, lambda config: None)
    return errors


def search(folder: Path, number: int) -> Study:
    """Searches until so many trials are told."""
    study = study_of(folder, Budget(trials=number))
    settings = TrialSettings(lambda *_: SimpleNamespace(name="run", force=False))  # type: ignore[arg-type]
    worker = Worker(study, study.open(), settings, view=None)  # type: ignore[arg-type]
    assert not list(worker.work())
    return study


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG], ids=errno.errorcode.get)
@pytest.mark.parametrize("trial", range(TRIALS))
def test_it_is_not_told_and_tried_again(trial: int, number: int, errors: list[str], tmp_path: Path) -> None:
    whole = asked_and_told(search(tmp_path / "whole", TRIALS))
    search(tmp_path / "full", trial) if trial else None
    for _ in range(2):  # the disk is full for a while
        errors += [full(number)] * module.TRIES
        with pytest.raises(RunsFailed, match=f"stopped: files must have room, but in trial {trial} .*Make room, and"):
            search(tmp_path / "full", TRIALS)
    study = search(tmp_path / "full", TRIALS)
    assert asked_and_told(study) == whole and len(whole) == 2 * TRIALS
    assert all(each.cost.seconds == study.read().trials[0].cost.seconds for each in study.read().trials)


def test_what_is_the_trials_own_fault_is_told_once_for_all(errors: list[str], tmp_path: Path) -> None:
    errors += ["RuntimeError: CUDA out of memory"] * module.TRIES
    study = search(tmp_path, 2)
    assert [event["state"] for event in asked_and_told(study) if event["event"] == "told"] == ["failed", "told"]


@pytest.mark.slow
def test_a_search_on_a_full_disk_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """No file may grow beyond 20 KB: enough for logs and histories, not for a checkpoint."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
    line = ["+experiment=digits", "search=random", "space=grid", "layout=digits_3", "norm=ln,no_norm", "-m"]
    line += ["training.epochs=1", "energy.enabled=false", "device=cpu", "budget.trials=1"]
    done = run_cold(tmp_path, line, script=f"{limit} from mgu.cli.main import main; main()")
    assert done.returncode == 1 and "in trial 0 files may not become that large (ulimit -f). Make room" in done.stderr
    [file] = tmp_path.glob("runs/digits/search/*/history.jsonl")
    assert "told" not in file.read_text()
    again = Running(tmp_path, line, {}).wait()
    assert again.returncode == 0 and "1 trial (1 told)" in again.stdout, again
