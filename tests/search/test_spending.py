"""What a study has spent, and which of its trials count: the search, the report and the plan must say the same."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from mgu.cli.study.plan import _record
from mgu.report.searches.load import load_curves
from mgu.results.runs.searches import Searches
from mgu.search.budget import Budget
from mgu.search.history import History
from mgu.search.spending import count_trials, spent_in_all
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost
from mgu.search.study import SearchedData, Study
from mgu.sweep.search.study_run import describe_end
from tests.search.spaces import GRID

DETAILS = {"metric": "accuracy", "val": None, "test": None, "params": 10, "run": ""}
POINTS = list(GRID.points())


def study_of(folder: Path, budget: Budget) -> Study:
    strategy = build_strategy("random", GRID, 0, {}, False)
    return Study(folder, GRID, strategy, "random", 0, budget, {}, SearchedData("digits", "paper"))


def ask(history: History, number: int, **values: Any) -> None:
    event = {"point": POINTS[number], "seed": 0, "worker": "w", "ask_s": 0.0, **values}
    history.append("asked", number=number, **event)


def tell(history: History, number: int, score: float, cost: Cost, **details: Any) -> None:
    values = {key: value for key, value in asdict(cost).items() if value is not None}
    told = {"state": "told", "score": score, "second": None, "epochs": cost.epochs, "cost": values}
    history.append("told", number=number, **told, details={**DETAILS, "val": score, **details})


# In every unit, what lies between two and three trials of equal cost.
LATE = [{"seconds": 5.0}, {"cpu_seconds": 2.5}, {"kwh": 0.025}, {"grams": 5.0}, {"epochs": 12}]


@pytest.mark.parametrize("limits", LATE, ids="-".join)
def test_a_trial_that_ends_after_the_budget_counts_nowhere_but_its_time_was_spent(
    limits: dict[str, Any], tmp_path: Path
) -> None:
    """Reports counted it, so a trained study was better than the same one replayed."""
    study = study_of(tmp_path, Budget(**limits))
    history = study.open()
    cost = Cost(2.0, cpu_seconds=1.0, kwh={"cpu model": 0.01}, grams=2.0, epochs=5)
    for number, score in enumerate((0.5, 0.6, 0.9, 0.95)):
        ask(history, number, **({"was_there": True} if number == 2 else {}))
        tell(history, number, score, cost, contended=number > 1)
    counted, within = count_trials(history, study.budget)
    assert (counted, within.seconds, within.trials, spent_in_all(history).seconds) == ([0, 1], 4.0, 2, 8.0)
    lines = describe_end(study, history)
    assert "(4 told, 2 ended after the budget), 8.0 s of trials and strategy, of which 4.0 s count and" in lines[0]
    assert lines[1].startswith("best: trial 1,")
    [curve], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert (curve.trials, curve.seconds, curve.epochs, curve.steps[-1].val) == (2, 4.0, 10, 0.6)
    assert (curve.reused, curve.contended, curve.complete) == (0, 0, False)
    # Of the trial that ended late the share was spent that fitted into the budget.
    assert curve.until == pytest.approx(4.8 if "epochs" in limits else 5.0)
    study.budget = Budget()  # a larger one has them count
    study.open()
    [curve], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert (curve.trials, curve.seconds, curve.steps[-1].val) == (4, 8.0, 0.95)


def test_a_space_whose_last_trial_ended_too_late_is_not_used_up(tmp_path: Path) -> None:
    study = study_of(tmp_path, Budget(epochs=len(POINTS) - 1))
    history = study.open()
    for number in range(len(POINTS)):
        ask(history, number)
        tell(history, number, number / 100, Cost(1.0, epochs=1))
    [curve], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert not curve.complete and curve.trials == len(POINTS) - 1
    described = yaml.safe_load((study.folder / "study.yaml").read_text())
    described["budget"]["epochs"] += 1
    (study.folder / "study.yaml").write_text(yaml.safe_dump(described))
    [curve], _ = load_curves([Searches(tmp_path)], "digits", "paper")
    assert curve.complete


def test_a_search_says_what_it_spent_on_trials_that_the_budget_stopped(tmp_path: Path) -> None:
    study = study_of(tmp_path, Budget(seconds=8.0))
    history = study.open()
    for number, seconds in enumerate((3.5, 4.5)):
        ask(history, number)
        history.append("cut", number=number, seconds=seconds)
    ask(history, 2)
    first, last = describe_end(study, history)
    states = "3 trials (0 told, 1 running, 2 stopped by the budget), 8.0 s of trials and strategy, of which 0.0 s count"
    assert states in first and last == "no trial within the budget has a score"
    assert plan(study)["spent_s"] == 8.0 and plan(study)["trials_left"] == 0


def plan(study: Study) -> dict[str, Any]:
    return _record(study, study.read(), 0.5)


def test_finished_runs_told_without_charge_leave_the_trials_of_the_budget(tmp_path: Path) -> None:
    """The plan took them off the budget, and said that nothing was left."""
    study = study_of(tmp_path, Budget(trials=2))
    history = study.open()
    for number in range(4):
        ask(history, number, was_there=True)
        tell(history, number, 0.5, Cost(0.0, trials=0))
    found = plan(study)
    assert (found["trials_done"], found["trials_left"], found["est_trial_s"], found["est_left_s"]) == (0, 2, 0.5, 1.0)
    ask(history, 4)
    tell(history, 4, 0.5, Cost(3.0))
    ask(history, 5)
    history.append("cut", number=5, seconds=9.0)  # it is tried again, and was none of those that ended
    found = plan(study)
    assert (found["trials_done"], found["trials_left"], found["est_trial_s"], found["est_left_s"]) == (1, 1, 3.0, 3.0)
    study.budget = Budget(trials=100)
    assert plan(study)["trials_left"] == len(POINTS) - 5
    study.strategy = build_strategy("asha", GRID, 0, {"max_epochs": 9}, False)  # which goes on with points
    assert plan(study)["trials_left"] == 99
    study.budget = Budget(epochs=1, trials=100)
    assert plan(study)["trials_left"] == 99 and plan(study_of(tmp_path / "new", Budget()))["trials_left"] == len(POINTS)
