"""Studies as a file of Optuna's: what Optuna loads from it is what their histories say."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from mgu.cli.search import main
from mgu.errors import UserError
from mgu.results.on_disk.search_files import STUDY_FILE, STUDY_HISTORY_FILE
from mgu.results.runs.files_in_pack import files_in_pack
from mgu.results.runs.pack import Pack, write_pack
from mgu.results.runs.searches import SearchFolder
from mgu.search.budget import Budget
from mgu.search.described import read_space
from mgu.search.history import History
from mgu.search.parameters.bounds import Float
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.propose import propose
from mgu.search.space import Point, Space
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost, Trial
from mgu.search.study import SearchedData, Study
from mgu.sweep.search.study_run import best_of
from tests.search.spaces import GRID, MIXED, TILES, bowl

optuna = pytest.importorskip("optuna")

HALVING = {"eta": 2, "min_epochs": 1, "max_epochs": 4}
KWH = {"cpu rapl": 2e-6, "ram model": 1e-6}


def begin(folder: Path, strategy: str, space: Space, budget: Budget | None = None, **settings: Any) -> Study:
    """A study of an experiment in a folder."""
    options = settings.pop("options", {})
    own = build_strategy(strategy, space, 0, options)
    known = {"options": options, "second": None, "warm_start": {"folder": None, "charge": True}, **settings}
    return Study(folder, space, own, strategy, 0, budget or Budget(), known, SearchedData("digits", "paper"))


def run(study: Study, number: int, score: Callable[[Point], float], metric: str = "accuracy") -> History:
    """Tries points of which trials 2, 7, 12 ... fail and every other third is found finished."""
    history, second = study.open(), study.settings["second"]
    for n in range(number):
        proposal = propose(study.strategy, study.space, 0, history.trials, history.by_key)
        if proposal is None:
            break
        told = {"stop_after": proposal.stop_after, "continues": proposal.continues} if proposal.stop_after else {}
        asked = {"number": n, "point": proposal.point, "seed": 7 + n, "worker": "w", "ask_s": 0.25, **told}
        history.append("asked", **asked, was_there=n % 3 == 1)
        value = None if n % 5 == 2 else score(proposal.point) + 0.01 * (proposal.stop_after or 0)
        cost = Cost(seconds=1.5, cpu_seconds=1.25, kwh=KWH, epochs=proposal.stop_after or 4)
        trial = replace(history.trials[n], state="told" if value is not None else "failed", score=value, cost=cost)
        trial = replace(trial, epochs=cost.epochs, second=10.0 * (n + 1) if second and value is not None else None)
        test = None if value is None else abs(value) / 2
        history.tell(trial, {"run": f"r{n}", "metric": metric, "val": value, "test": test, "lost_s": 0.1})
    return history


def export(folder: Path, *words: str) -> Path:
    path = folder / "journal.log"
    main(["export", str(folder), "--optuna", str(path), *words])
    return path


def load(path: Path, study: Study) -> Any:
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
    return optuna.load_study(study_name=study.folder.name, storage=storage)


def is_better(one: Trial, other: Trial) -> bool:
    """As good by the score, and better by the second objective."""
    assert None not in (one.score, one.second, other.score, other.second)
    return cast(float, one.score) >= cast(float, other.score) and cast(float, one.second) < cast(float, other.second)


@pytest.mark.parametrize(
    ("strategy", "space", "settings"),
    [
        ("random", GRID, {}),
        ("random", MIXED, {}),
        ("tpe", MIXED, {"options": {"startup": 4}}),
        ("nsga2", MIXED, {"options": {"population": 4, "objectives": 2}, "second": "params"}),
        ("asha", MIXED, {"options": HALVING}),
    ],
    ids=lambda own: getattr(own, "name", None) or (own if isinstance(own, str) else ""),
)
def test_optuna_loads_what_the_history_says(
    strategy: str, space: Space, settings: Mapping[str, Any], tmp_path: Path
) -> None:
    study = begin(tmp_path, strategy, space, **settings)
    history = run(study, 14, bowl(space))
    theirs = load(export(tmp_path), study)
    assert [own.number for own in theirs.trials] == [own.number for own in history.trials] and len(theirs.trials) == 14
    states = {"told": "COMPLETE", "failed": "FAIL"}
    for own, trial in zip(theirs.trials, history.trials, strict=True):
        assert own.params == trial.point and own.state.name == states[trial.state]
        values = [trial.score, trial.second] if study.settings["second"] else [trial.score]
        assert own.values == (None if trial.score is None else values)
        assert own.duration == timedelta(seconds=1.5)
    assert theirs.user_attrs["strategy"] == strategy and theirs.metric_names[0] == "accuracy"
    scored = [own for own in history.trials if own.score is not None]
    if study.settings["second"]:
        assert [own.name for own in theirs.directions] == ["MAXIMIZE", "MINIMIZE"]
        assert {own.number for own in theirs.best_trials} == {
            own.number for own in scored if not any(is_better(other, own) for other in scored)
        }
    else:
        best = best_of(history.trials)
        assert best and (theirs.best_trial.number, theirs.best_value) == (best.number, best.score)


def test_a_trial_has_its_run_its_seed_its_cost_and_the_clock_of_its_study(tmp_path: Path) -> None:
    study = begin(tmp_path, "random", GRID)
    run(study, 3, bowl(GRID))
    first, second, failed = load(export(tmp_path), study).trials
    known = {"run": "r1", "seed": 8, "reused": True, "epochs": 4, "cost_seconds": 1.5, "cost_cpu_seconds": 1.25}
    known |= {"cost_kwh_cpu_rapl": 2e-6, "cost_kwh_ram_model": 1e-6, "ask_seconds": 0.25, "cost_epochs": 4}
    assert second.user_attrs == known | {"test": abs(second.value) / 2}
    assert not first.user_attrs["reused"] and "test" not in failed.user_attrs and failed.user_attrs["run"] == "r2"
    seconds = [(own.datetime_complete.astimezone(UTC) - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()
               for own in (first, second, failed)]  # fmt: skip
    assert seconds == [1.75, 3.5, 5.25]  # 0.25 s of the strategy and 1.5 s of a run, each


def test_errors_are_minimised_as_they_are_and_not_negated(tmp_path: Path) -> None:
    study = begin(tmp_path, "random", GRID)
    history = run(study, 6, lambda point: bowl(GRID)(point) - 1, "rmse")
    theirs, best = load(export(tmp_path), study), best_of(history.trials)
    assert theirs.direction.name == "MINIMIZE" and theirs.metric_names == ["rmse"]
    assert best and best.score and theirs.best_trial.number == best.number and theirs.best_value == -best.score > 0


def test_a_trial_that_continues_another_has_the_scores_of_both_by_epoch(tmp_path: Path) -> None:
    study = begin(tmp_path, "asha", MIXED, options=HALVING)
    history = run(study, 14, lambda _: 0.5)
    theirs = load(export(tmp_path), study).trials
    last = max((own for own in history.trials if own.score), key=lambda own: own.epochs or 0)
    assert last.continues is not None and theirs[last.number].user_attrs["continues"] == last.continues
    assert theirs[last.number].intermediate_values == {1: 0.51, 2: 0.52, 4: 0.54}
    assert theirs[last.continues].intermediate_values == {1: 0.51, 2: 0.52}


def test_what_runs_or_was_stopped_keeps_its_number_and_what_is_late_is_never_the_best(tmp_path: Path) -> None:
    study = begin(tmp_path, "random", GRID, Budget(seconds=4.0))  # of two trials
    history, points = run(study, 2, lambda _: 0.5), list(GRID.points())
    for n in (2, 3, 4):
        history.append("asked", number=n, point=points[n], seed=n, worker="w", ask_s=0.0)
    history.append("cut", number=2, seconds=0.75)
    history.tell(replace(history.trials[4], state="told", score=0.9, cost=Cost(seconds=1.5), epochs=4), {"test": None})
    theirs = load(export(tmp_path), study)
    assert [own.state.name for own in theirs.trials] == ["COMPLETE", "COMPLETE", "RUNNING", "RUNNING", "COMPLETE"]
    assert theirs.trials[2].user_attrs["stopped_by_the_budget_after_seconds"] == 0.75
    assert theirs.trials[4].value == 0.9 and theirs.best_trial.number == 0
    copied = optuna.create_study(direction="maximize")
    copied.add_trials(theirs.trials)  # which refuses what is not as Optuna's own trials are
    assert copied.best_trial.number == 0


def test_pruned_trials_are_pruned_and_those_without_a_second_objective_fail(tmp_path: Path) -> None:
    study = begin(tmp_path, "random", GRID, second="flops")
    history, points = study.open(), list(GRID.points())
    outcomes: list[tuple[Any, float | None]] = [("told", 5.0), ("told", None), ("pruned", 6.0), ("told", 0.0)]
    for n, (state, second) in enumerate(outcomes):
        history.append("asked", number=n, point=points[n], seed=n, worker="w", ask_s=0.0)
        trial = replace(history.trials[n], state=state, score=0.5, second=second, epochs=1)
        history.tell(trial, {"metric": "accuracy"})
    theirs = load(export(tmp_path), study)
    trials = theirs.trials
    assert [own.state.name for own in trials] == ["COMPLETE", "FAIL", "PRUNED", "COMPLETE"]
    assert [own.number for own in theirs.best_trials] == [0]  # what costs nothing was not measured
    assert trials[1].user_attrs["accuracy"] == 0.5 and trials[2].values == [0.5, 6.0]


def test_choices_that_optuna_cannot_hold_or_tell_apart_are_words(tmp_path: Path) -> None:
    odd = Space("odd", (Categorical("a", (1, True, None)), Ordinal("b", ((1, 2), (3,)))))
    studies = {space.name: begin(tmp_path, "random", space) for space in (odd, TILES)}
    histories = {name: run(own, 4, lambda _: 0.5) for name, own in studies.items()}
    path = export(tmp_path)
    for name, study in studies.items():
        for own, trial in zip(load(path, study).trials, histories[name].trials, strict=True):
            assert [f"{key}={value}" for key, value in own.params.items()] == study.space.overrides(trial.point)
    m = load(path, studies["tiles"]).trials[0].distributions["m"]
    assert len(m.choices) == 28  # 64 = 2^6 as three factors


def test_of_a_product_of_thousands_of_ways_those_that_were_tried_are_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mgu.search.optuna_file.distributions.MOST_CHOICES", 20)
    study = begin(tmp_path, "random", TILES)
    run(study, 3, lambda _: 0.5)
    trials = load(export(tmp_path), study).trials
    assert set(trials[0].distributions["m"].choices) == {own.params["m"] for own in trials}


@pytest.mark.parametrize("space", [GRID, MIXED, TILES], ids=lambda space: space.name)
def test_a_space_is_read_as_it_was_described(space: Space) -> None:
    assert read_space(json.loads(json.dumps(space.describe()))) == space


def test_a_condition_on_a_list_is_read(tmp_path: Path) -> None:
    parts = (Categorical("a", ((1, 2), (3,))), Float("b", 0.0, 1.0, when=Condition("a", ((3,),))))
    assert read_space(json.loads(json.dumps(Space("s", parts).describe()))).parameters == parts


def test_studies_are_chosen_by_name_and_a_file_is_replaced_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    studies = [begin(tmp_path, "random", space) for space in (GRID, MIXED)]
    for study in studies:
        run(study, 2, bowl(study.space))
    path = export(tmp_path)
    names = {own.study_name for own in optuna.get_all_study_summaries(_storage(path))}
    assert names == {own.folder.name for own in studies} and "2 studies, 4 trials" in capsys.readouterr().out
    first = path.read_bytes()
    with pytest.raises(UserError, match=r"--optuna must be a new file, but .* is there"):
        export(tmp_path)
    assert path.read_bytes() == first
    assert export(tmp_path, "--replace").read_bytes() == first
    for name in (studies[0].folder.name, "random-grid-s0"):
        export(tmp_path, "--replace", "--study", name)
        assert [own.study_name for own in optuna.get_all_study_summaries(_storage(path))] == [studies[0].folder.name]
    main(["export", str(studies[1].folder), "--optuna", str(path), "--replace"])
    assert [own.study_name for own in optuna.get_all_study_summaries(_storage(path))] == [studies[1].folder.name]
    assert sorted(own.name for own in tmp_path.iterdir()) == ["journal.log", "search"]


def _storage(path: Path) -> Any:
    return optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))


def test_a_damaged_study_is_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    studies = [begin(tmp_path, "random", space) for space in (GRID, MIXED, TILES)]
    for study in studies:
        run(study, 1, lambda _: 0.5)
    (studies[1].folder / STUDY_FILE).write_text("strategy: random\n")
    (studies[2].folder / STUDY_HISTORY_FILE).write_text("{}\n")
    path = export(tmp_path)
    assert [own.study_name for own in optuna.get_all_study_summaries(_storage(path))] == [studies[0].folder.name]
    told = capsys.readouterr().err
    assert told.count("skipped") == 2 and "must describe a study" in told and "one event in each line" in told
    with pytest.raises(UserError, match="must describe a study"):
        export(tmp_path, "--replace", "--study", studies[1].folder.name)


def test_packed_studies_are_exported_as_their_folders_are(tmp_path: Path) -> None:
    """With the folder beside the pack each is written once; of two experiments by the same name, with theirs."""
    experiment, packed = tmp_path / "a", tmp_path / "packed"
    packed.mkdir()
    studies = [begin(experiment, "random", space) for space in (GRID, MIXED)]
    for study in studies:
        run(study, 2, bowl(study.space))
    expected = export(experiment).read_bytes()
    searches = {study.folder.name: files_in_pack(SearchFolder(study.folder)) for study in studies}
    write_pack(packed / "runs.tar.xz", Pack({}, {"a": searches}))
    assert export(packed).read_bytes() == expected
    main(["export", str(packed / "runs.tar.xz"), "--optuna", str(tmp_path / "j.log"), "--study", "random-grid-s0"])
    assert [own.study_name for own in optuna.get_all_study_summaries(_storage(tmp_path / "j.log"))] == [
        studies[0].folder.name
    ]
    write_pack(experiment / "runs.tar.xz", Pack({}, {"a": searches}))
    assert export(experiment, "--replace").read_bytes() == expected
    other = begin(tmp_path / "b", "random", GRID)
    run(other, 3, lambda _: 0.25)
    both = {"a": searches, "b": {other.folder.name: files_in_pack(SearchFolder(other.folder))}}
    write_pack(packed / "runs.tar.xz", Pack({}, both))
    names = [own.study_name for own in optuna.get_all_study_summaries(_storage(export(packed, "--replace")))]
    assert sorted(names) == [f"a/{other.folder.name}", f"b/{other.folder.name}", studies[1].folder.name]


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tmp_path / "runs" / "digits"
    run(begin(experiment, "random", GRID), 1, lambda _: 0.5)
    (tmp_path / "empty" / "search" / "replayed").mkdir(parents=True)
    file = str(tmp_path / "j.log")

    def refused(folder: Path, *words: str, optuna: str = file) -> str:
        with pytest.raises(UserError) as told:
            main(["export", str(folder), "--optuna", optuna, *words])
        return str(told.value)

    monkeypatch.setenv("MGU_RUNS", str(tmp_path / "runs"))
    told = refused(tmp_path / "none")
    assert f"there is no {tmp_path}/none. Runs land in {tmp_path}/runs, which has digits." in told
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "runs.tar.xz").touch()
    assert f"({tmp_path}/packed/runs.tar.xz: not a whole pack of results" in refused(tmp_path / "packed")
    assert "Search first" in refused(tmp_path / "empty")
    assert "Name an experiment below it: digits" in refused(tmp_path / "runs")
    (tmp_path / "empty" / "search" / "replayed" / "a.json").write_text("{}")
    assert "Replayed searches keep no trials" in refused(tmp_path / "empty")
    assert "Did you mean random-grid-s0" in refused(experiment, "--study", "random-grid-s1")
    assert "--optuna must be a file in a folder that is there" in refused(experiment, optuna=str(tmp_path))
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "make extra-search" in refused(experiment)
    assert not Path(file).exists()
