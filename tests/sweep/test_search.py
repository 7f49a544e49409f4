"""Searches from the command line: they train, stop, resume, share a study, and end alike however they were killed."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from mgu.sweep.watch import Watch
from tests.conftest import Command
from tests.processes import Running
from tests.sweep.conftest import call
from tests.sweep.gate import write_gate

GRID = ("+experiment=digits", "search=random", "space=grid", "layout=digits_2", "norm=ln,no_norm", "training.epochs=1")
QUIET = ("energy.enabled=false", "device=cpu", "-m")


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    [file] = folder.glob("runs/digits/search/*/history.jsonl")
    return [event for line in file.read_text().splitlines() if (event := json.loads(line))["event"] == kind]


def scores(folder: Path) -> list[tuple[Any, ...]]:
    told = {own["number"]: (own["score"], own["epochs"], own["state"]) for own in events(folder, "told")}
    return [(own["number"], own["point"], own["seed"], told[own["number"]]) for own in events(folder, "asked")]


@pytest.mark.slow
def test_a_search_trains_resumes_goes_on_and_is_reported(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (*GRID, *QUIET)
    assert call(monkeypatch, *line, "budget.trials=2") == 0
    assert len(events(here, "told")) == 2 and "of trials and strategy" in capsys.readouterr().out
    first = scores(here)
    assert call(monkeypatch, *line, "budget.trials=2") == 0 and scores(here) == first
    shutil.rmtree(here / "runs/digits/search")  # the runs are there: told, charged, not trained again
    capsys.readouterr()
    assert call(monkeypatch, *line, "budget.trials=4") == 0
    assert scores(here)[:2] == first and len(scores(here)) == 4
    assert [event.get("was_there", False) for event in events(here, "asked")] == [True, True, False, False]
    assert all(event["cost"]["seconds"] > 0 for event in events(here, "told"))
    assert call(monkeypatch, *line, "budget.trials=9") == 0 and len(scores(here)) == 4  # the space is used up
    assert len({json.dumps(event["point"]) for event in events(here, "asked")}) == 4
    capsys.readouterr()
    for form in ("table", "md", "csv", "json", "tex"):
        assert call(monkeypatch, "report", "runs", "--format", form) == 0
        assert ("random on grid" in capsys.readouterr().out) == (form != "csv")
    assert call(monkeypatch, "report", "runs", "--searches") == 0
    assert "random on grid,1," in capsys.readouterr().out


@pytest.mark.slow
def test_what_runs_when_the_seconds_are_over_is_stopped_and_goes_on_with_a_larger_budget(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (*GRID[:-1], "training.epochs=2", *write_gate(here), *QUIET)
    (here / "hold").touch()  # else a run may be over before it is seen that the seconds are
    assert call(monkeypatch, *line, "budget.seconds=0.01") == 0
    assert len(events(here, "cut")) == 1 and not events(here, "told")
    assert call(monkeypatch, *line, "budget.seconds=0.01") == 0 and len(events(here, "asked")) == 1
    (here / "hold").unlink()
    assert call(monkeypatch, *line, "budget.trials=1") == 0
    assert [own["number"] for own in events(here, "taken")] == [own["number"] for own in events(here, "told")] == [0]


@pytest.mark.slow
def test_halving_continues_checkpoints_to_the_same_bits(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("search.options.min_epochs=1", "training.epochs=2", "budget.trials=3", "seed=3")
    line = [word for word in GRID if not word.startswith(("search=", "training."))]
    assert call(monkeypatch, *line, "search=asha", *options, *QUIET) == 0
    asked, told = events(here, "asked"), events(here, "told")
    assert [event.get("continues") for event in asked] == [None, None, max(range(2), key=lambda n: told[n]["score"])]
    assert [event["cost"]["epochs"] for event in told] == [1, 1, 1]  # promotion pays for the new epoch alone
    point = asked[2]["point"]
    words = [f"{name}={value}" for name, value in point.items()]
    others = (
        "+experiment=digits",
        "layout=digits_2",
        "training.epochs=2",
        "seed=3",
        *QUIET[:-1],
        f"runs_dir={here}/whole",
    )
    assert call(monkeypatch, *others, *words) == 0
    [whole] = (here / "whole").glob("digits/*/weights.safetensors")
    assert whole.read_bytes() == (here / "runs/digits" / whole.parent.name / whole.name).read_bytes()


@pytest.mark.slow
def test_finished_runs_that_are_told_without_charge_are_no_trials_of_the_budget_and_the_user_is_told(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (*GRID, *QUIET)
    assert call(monkeypatch, *line, "budget.trials=2") == 0
    shutil.move(here / "runs", here / "before")
    warm = (f"warm_start.folder={here}/before", "warm_start.charge=false", "budget.trials=1")
    assert call(monkeypatch, *line, *warm, f"notify='env > {here}/told'") == 0
    assert [event.get("was_there", False) for event in events(here, "asked")] == [True, True, False]
    assert [event["cost"].get("trials", 1) for event in events(here, "told")] == [0, 0, 1]
    assert call(monkeypatch, *line, *warm) == 0 and len(events(here, "asked")) == 3
    told = dict(own.split("=", 1) for own in (here / "told").read_text().splitlines() if own.startswith("MGU_"))
    assert (told["MGU_NOTIFY_STATE"], told["MGU_NOTIFY_RUNS"], told["MGU_NOTIFY_DONE"]) == ("done", "3", "3")
    assert "1 study, 3 of 3 trials done" in told["MGU_NOTIFY_MESSAGE"] and "best: trial" in told["MGU_NOTIFY_MESSAGE"]
    assert call(monkeypatch, *line, f"warm_start.folder={here}/none", "budget.trials=1") == 2
    assert call(monkeypatch, *line, f"warm_start.folder={here}/told", "budget.trials=1") == 2
    assert len(list(here.glob("runs/digits/search/*"))) == 1  # what was refused has left nothing
    capsys.readouterr()


@pytest.mark.slow
def test_a_study_of_one_seed_is_told_runs_of_that_seed_only(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = ("+experiment=digits", "layout=digits_2", "norm=ln", "residual=with", "training.epochs=1", *QUIET)
    assert call(monkeypatch, *whole, "seed=0,1", f"runs_dir={here}/before") == 0
    warm = (*GRID, *QUIET, f"warm_start.folder={here}/before", "budget.trials=1")
    assert call(monkeypatch, *warm, "seed=1") == 0
    assert [(own["seed"], own["was_there"]) for own in events(here, "asked")] == [(1, True)]
    assert "the told run uses up the budget of 1 trial, so nothing is searched" in capsys.readouterr().out
    assert call(monkeypatch, *warm, "seed=2") == 2
    assert "must have finished runs with seed=2 at points of space=grid" in capsys.readouterr().err


@pytest.mark.slow
def test_a_space_that_sets_the_split_is_reported_with_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ("dataset=digits", "search=random", "space=density", "training.epochs=1", "budget.trials=1", *QUIET)
    assert call(monkeypatch, *line) == 0
    capsys.readouterr()
    assert call(monkeypatch, "report", "runs", "--searches") == 0
    shown = capsys.readouterr().out
    assert "random on density,1," in shown and ",digits,holdout" in shown
    assert "random order" not in shown  # what a search has trained is no sample in random order


@pytest.mark.slow
def test_points_that_are_measured_are_shown_as_they_are_typed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ("space.m=8", "space.k=8", "space.n=8")
    assert call(monkeypatch, "search=random", "space=gemm", *sizes, "budget.trials=1", *QUIET) == 0
    shown = capsys.readouterr().out
    assert ": 1,600 points, budget 1 trial;" in shown
    assert re.search(r"^ *0  m=\[[\d,]+\] k=\[[\d,]+\] n=\[[\d,]+\]  [\d.]+ GFLOP/s$", shown, re.MULTILINE)


def test_a_search_without_m_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "search=random", "space=protocol", "budget.trials=1") == 2
    assert "search must go with -m" in capsys.readouterr().err and not (here / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("budget.trials=3", "budget.trials must go with a search, but there is none. Add search=random"),
        ("search=tpee space=grid", "Did you mean tpe?"),
        ("search=random space=grid", "space=grid must have axes"),
        ("search=random space=grid norm=ln,no_norm mgu=lean,reference", "mgu must be one value with space=grid"),
        ("search=random space=protocol", "budget must have a limit"),
        ("search=grid space=protocol budget.trials=3", "search=grid must have a space of finitely many points"),
        ("search=random space=protocol budget.trials=2,4", "budget.trials must be one value in a command"),
        ("search=nsga2 space=protocol budget.trials=2 search.options.objectives=2", "must go with a second objective"),
        ("search=asha space=protocol budget.trials=2 search.options.max_epochs=999", "must be at most training.epochs"),
        ("search=random space=protocol budget.trials=2 search.studies=99999", "must have at most 10,000 studies"),
        ("dataset=adult search=random space=nago budget.trials=2", "layout=nago_tiny"),
        ("search=random space=protocol budget.trials=0", "budget.trials must be greater than 0"),
        ("search=random space=protocol budget.trials=3 optimizer.lr=0.1", "optimizer.lr must be left out"),
        ("search=random space=protocol budget.trials=3 seed=0,1", "seed must be one value in a search"),
        ("search=random space=protocol budget.share=0.1", "budget.share must go with a space of finitely many"),
        ("search=random space=protocol budget.times_unit=4", "must have a finished run of the unit"),
        (
            "search=random space=protocol budget.trials=3 search.workers=2",
            "search.workers must be 1 without",
        ),
        ("search=tpe space=protocol budget.trials=3 search.options.starup=3", "Did you mean startup?"),
        ("+experiment=digits search=random space=grid norm=ln,lnn", "norm must be one of"),
        ("+experiment=digits search=random space=grid training.stop_after=1", "training.stop_after must be left out"),
        (
            "+experiment=digits search=random space=grid dataset.split=paper,holdout",
            "dataset.split must be the same at",
        ),
        ("+experiment=digits search=random space=grid search.replay=true", "a recorded run of each of the 24 points"),
        (
            "+experiment=digits search=random space=grid search.replay=true warm_start.folder=runs",
            "warm_start.folder must be left out with search.replay=true",
        ),
        (
            "+experiment=digits search=random space=grid search.replay=true confirm.top=2",
            "confirm.top must be left out with search.replay=true",
        ),
    ],
)
def test_bad_input_is_refused_by_name_before_the_first_trial(
    arguments: str, message: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *arguments.split(), *QUIET) == 2
    shown = capsys.readouterr()
    assert message in shown.err and "Traceback" not in shown.err
    assert not list(here.glob("runs/**/history.jsonl"))


@pytest.mark.long
def test_two_workers_of_joblib_never_train_one_point(tmp_path: Path, mgu_run: Command) -> None:
    done = mgu_run(*GRID, *QUIET, "hydra/launcher=joblib", "search.workers=2", "budget.trials=4")
    assert done.returncode == 0, done.stderr
    asked = events(tmp_path, "asked")
    assert len({event["worker"] for event in asked}) == 2 and len(events(tmp_path, "told")) == 4
    assert len({json.dumps(event["point"]) for event in asked}) == 4


@pytest.mark.long
@pytest.mark.parametrize("launcher", ["submitit_local", "ray"])
def test_two_workers_of_other_launchers_share_a_study(launcher: str, tmp_path: Path, mgu_run: Command) -> None:
    start = [f"+hydra.launcher.ray.init.{key}" for key in ("num_cpus=2", "include_dashboard=false")]
    words = (*GRID, *QUIET, f"hydra/launcher={launcher}", "search.workers=2", "budget.trials=4")
    # In no folder of pytest's, for the names of sockets must be short; no token in the home folder, no statistics sent.
    with TemporaryDirectory(prefix="ray") as short:
        quiet = {"RAY_TMPDIR": short, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
        done = mgu_run(*words, *(start if launcher == "ray" else ()), **quiet)
    assert done.returncode == 0, done.stderr
    asked = events(tmp_path, "asked")
    assert len({json.dumps(event["point"]) for event in asked}) == len(events(tmp_path, "told")) == 4


@pytest.mark.long
def test_a_search_that_is_killed_at_random_points_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    words = [word for word in GRID if not word.startswith("training")]
    line = [*words, *QUIET, "training.epochs=6", "training.checkpoint_s=0", "budget.trials=4"]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    assert Running(tmp_path / "whole", line, {}).wait().returncode == 0
    generator, kills = random.Random(0), 0
    while kills < 20:
        running = Running(tmp_path / "killed", line, {})
        until = time.monotonic() + generator.uniform(2.0, 9.0)
        while running.is_alive() and time.monotonic() < until:
            time.sleep(0.02)
        if not running.is_alive():
            break
        running.kill()
        running.process.wait()
        kills += 1
    assert Running(tmp_path / "killed", line, {}).wait().returncode == 0
    assert kills >= 2 and scores(tmp_path / "killed") == scores(tmp_path / "whole")


@pytest.mark.slow
def test_a_search_with_a_failed_trial_ends_with_1_and_tells_so(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = ("training.epochs=5000", "training.patience=5000", "training.timeout=2")
    line = (*GRID[:-1], *QUIET, "budget.trials=1", f"notify='env > {here}/told'")
    assert call(monkeypatch, *line, *long) == 1
    message = capsys.readouterr().err
    assert "random on grid, seed 0: 1 of 1 trial failed, trial 0, because: " in message and "log.txt" in message
    told = dict(own.split("=", 1) for own in (here / "told").read_text().splitlines() if own.startswith("MGU_"))
    assert (told["MGU_NOTIFY_STATE"], told["MGU_NOTIFY_DONE"], told["MGU_NOTIFY_MISSING"]) == ("failed", "0", "1")


@pytest.mark.slow
def test_the_units_that_a_search_tries_do_not_enlarge_its_budget(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "conf" / "space").mkdir(parents=True)
    rates = "kind: listed\nname: rates\nparameters:\n  optimizer.lr: {kind: ordinal, choices: [0.003, 0.02]}\n"
    (here / "conf" / "space" / "rates.yaml").write_text(rates)
    words = ("+experiment=digits", "mgu=lean", "layout=digits_2", "training.epochs=1", *QUIET[:-1])
    search = (*words, "search=random", "space=rates", "budget.times_unit=99", "--config-dir", str(here / "conf"), "-m")
    assert call(monkeypatch, *search) == 2 and "that no search trained" in capsys.readouterr().err
    assert call(monkeypatch, *words) == 0
    budgets = []
    for _ in range(2):
        assert call(monkeypatch, *search) == 0
        budgets += re.findall(r"2 points, budget ([\d.]+) s", capsys.readouterr().out)
    assert len(events(here, "told")) == 2 and len(budgets) == 2 and budgets[0] == budgets[1]


@pytest.mark.slow
def test_trials_whose_time_is_up_while_they_begin_do_not_end_a_search(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that begins removes the result of an earlier try, and must not do so to that of its own failure."""
    record = Watch.record_failure

    def record_slowly(watch: Watch, failure: Any) -> None:
        record(watch, failure)
        time.sleep(2.0)  # a process that still lived would begin in the meantime

    monkeypatch.setattr(Watch, "record_failure", record_slowly)
    line = (*GRID[:-1], *QUIET, "budget.trials=2", "training.timeout=0.05")
    assert call(monkeypatch, *line) == 1
    assert "2 of 2 trials failed, the last one, trial 1, because: it ran longer" in capsys.readouterr().err
    assert [own["state"] for own in events(here, "told")] == ["failed", "failed"]


@pytest.mark.slow
def test_a_search_with_a_diverged_trial_is_done(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (*GRID, *QUIET, "budget.trials=1", f"notify='env > {here}/told'")
    assert call(monkeypatch, *line, "optimizer.lr=1e38", "optimizer=sgd") == 0
    assert "1 trial (0 told, 1 diverged)" in capsys.readouterr().out
    told = dict(own.split("=", 1) for own in (here / "told").read_text().splitlines() if own.startswith("MGU_"))
    assert (told["MGU_NOTIFY_STATE"], told["MGU_NOTIFY_DONE"]) == ("done", "1")
