"""Trials that failed are told from those that diverged, whose runs are results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mgu.errors import RunsFailed
from mgu.search.budget import Budget
from mgu.search.failures import failed_trials, outcome_of
from mgu.search.strategy import Cost
from mgu.search.study import Study
from mgu.sweep.search.study_run import describe_end
from mgu.sweep.search.worker import TrialSettings, Worker
from tests.search.test_spending import DETAILS, ask, study_of, tell

FAILED, DIVERGED = {"status": "failed", "error": "OSError: no space"}, {"status": "diverged"}


def study_with(folder: Path, *outcomes: dict[str, Any]) -> Study:
    """A study of a trial with a score and one without for each outcome."""
    study = study_of(folder, Budget(trials=9))
    history = study.open()
    ask(history, 0)
    tell(history, 0, 0.5, Cost(1.0), status="ok")
    for number, details in enumerate(outcomes, start=1):
        ask(history, number)
        told: dict[str, Any] = {"state": "failed", "score": None, "second": None, "epochs": 1, "cost": {}}
        history.append("told", number=number, **told, details={**DETAILS, **details})
    return study


def test_a_diverged_trial_is_counted_by_itself(tmp_path: Path) -> None:
    study = study_with(tmp_path, DIVERGED, FAILED, DIVERGED)
    history = study.open()
    ask(history, 4)
    assert [outcome_of(trial, history) for trial in history.trials] == [
        "told",
        "diverged",
        "failed",
        "diverged",
        "running",
    ]
    assert [trial.number for trial in failed_trials(history)] == [2]
    assert "5 trials (1 told, 2 diverged, 1 failed, 1 running)" in describe_end(study, history)[0]


@pytest.mark.parametrize(("failures", "ends"), [(1, False), (2, True)])
def test_diverged_trials_use_up_no_failures(failures: int, ends: bool, tmp_path: Path) -> None:
    study = study_with(tmp_path, DIVERGED, *[FAILED] * failures, DIVERGED)
    view: Any = None
    worker = Worker(study, study.open(), TrialSettings(lambda *_: None, max_failures=2), view)  # type: ignore[arg-type]
    if ends:
        with pytest.raises(
            RunsFailed, match=r"2 trials failed \(search.max_failures=2\), the last one because: OSError"
        ):
            worker._check_failures()
    else:
        worker._check_failures()
