"""Replayed searches: random search is what the closed form expects, and nothing is charged twice or left out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import fmean, stdev
from typing import Any

import pytest
from msgspec import structs

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.report.searches.closed_form import Tried, expected_best
from mgu.results.schema.metrics import Metrics
from mgu.results.schema.result import Result
from mgu.search.budget import Budget
from mgu.search.current import current_trials
from mgu.search.curve import trace
from mgu.search.parameters.choices import Ordinal
from mgu.search.partial import as_of, find_test_score
from mgu.search.replay import Record, Replay, find_records, replay
from mgu.search.space import Key, Space
from mgu.search.spaces.grid import GridSpace
from mgu.search.strategy import Cost, Trial
from mgu.search.usable import OTHER_FILE, OTHER_ROWS, STOPPED, as_of_today, find_obstacle
from mgu.sweep.search.study_run import best_of
from tests.conftest import Configure
from tests.examples import example_config, example_result
from tests.search.spaces import GRID, MIXED

STUDIES = 300


def records() -> dict[int, dict[Key, Record]]:
    found: dict[int, dict[Key, Record]] = {}
    for seed in range(3):
        generator = Random(seed)
        for point in GRID.points():
            cost, score = generator.randrange(20, 200) / 100, round(generator.random(), 2)
            record = Record(score, None, Cost(cost, epochs=1), 1, {"val": score, "test": 1 - score, "params": 10})
            found.setdefault(seed, {})[GRID.key(point)] = record
    return found


def test_random_search_is_what_the_closed_form_expects() -> None:
    known = records()
    curves = replay(Replay(GRID, known, "random", {}, Budget()), range(STUDIES))
    for name in ("val", "test"):
        by_seed = {
            seed: [Tried(own.cost.seconds, own.score or 0.0, own.details[name]) for own in by_key.values()]
            for seed, by_key in known.items()
        }
        for seconds in (0.5, 2.0, 5.0, 12.0, 60.0):
            found = [0.1 if (step := curve.at(seconds)) is None else getattr(step, name) for curve in curves]
            expected = expected_best(by_seed, seconds, before=0.1)
            error = max(stdev(found) / STUDIES**0.5, 1e-4)
            assert abs(fmean(found) - expected) < 4 * error + 0.004  # costs are rounded to a thousandth of the whole


def test_the_whole_space_is_tried_and_paid_once() -> None:
    known = records()
    [curve] = replay(Replay(GRID, known, "random", {}, Budget()), [4])
    totals = [sum(own.cost.seconds for own in by_key.values()) for by_key in known.values()]
    assert curve.complete and curve.trials == 24 and curve.epochs == 24
    assert min(abs(curve.seconds - curve.strategy_s - total) for total in totals) < 1e-9
    assert [step.score for step in curve.steps] == sorted(step.score for step in curve.steps)


def test_what_ends_after_the_budget_does_not_count() -> None:
    for curve in replay(Replay(GRID, records(), "tpe", {"startup": 3}, Budget(seconds=4.0)), range(3)):
        assert curve.seconds <= 4.0 and not curve.complete and curve.at(4.0) == curve.steps[-1]
        assert curve.at(0.0) is None and curve.reaches(2.0) is None


def as_of_epoch(
    configure: Configure, folder: Path, scores: Sequence[float], *overrides: str, second: str | None = None
) -> tuple[Trial, Cost, dict[str, Any]]:
    """What a trial is told that stops as the overrides say, by a run whose epochs have these scores."""
    rows = [f"{epoch},{score},1.0,0.5" for epoch, score in enumerate(scores, 1)]
    (folder / "history.csv").write_text("\n".join(["epoch,val_accuracy,train_s,evaluate_s", *rows]) + "\n")
    config, cost = configure(*overrides), Cost(2.0 * len(scores), 1.0 * len(scores), epochs=len(scores))
    whole = Trial(0, {}, "told", score=max(scores), second=60.0, stop_after=config.training.stop_after)
    return as_of(whole, config, example_result(), cost, folder, second)


def test_a_run_of_more_epochs_is_told_as_of_the_epoch_that_was_asked_for(tmp_path: Path, configure: Configure) -> None:
    told, cost, details = as_of_epoch(configure, tmp_path, (0.1, 0.2, 0.3, 0.4), "training.stop_after=1")
    assert (told.score, told.epochs, cost) == (0.1, 1, Cost(2.0, 1.0, epochs=1))
    whole = example_result().seconds
    assert whole and details == {
        "val": 0.1, "test": None, "to_solution_s": whole.to_solution / 4, "lost_s": 0.0}  # fmt: skip


@pytest.mark.parametrize(("second", "expected"), [("seconds", 15.0), ("kwh", 15.0), ("params", 60.0), ("flops", 60.0)])
def test_as_of_an_epoch_time_and_energy_are_those_of_these_epochs_and_sizes_stay(
    tmp_path: Path, configure: Configure, second: str, expected: float
) -> None:
    told, _, _ = as_of_epoch(configure, tmp_path, (0.1, 0.2, 0.3, 0.4), "training.stop_after=1", second=second)
    assert told.second == expected


@pytest.mark.parametrize(("select", "expected"), [("best", 0.9), ("last", 0.7)])
def test_as_of_an_epoch_a_run_has_the_score_that_it_would_have_been_given(
    tmp_path: Path, configure: Configure, select: str, expected: float
) -> None:
    overrides = ("training.stop_after=3", f"training.select={select}")
    told, _, _ = as_of_epoch(configure, tmp_path, (0.9, 0.8, 0.7, 0.75), *overrides)
    assert told.score == expected


@pytest.mark.parametrize(("epochs", "expected"), [(3, 0.3), (5, 0.5), (6, 0.6)])
def test_as_of_an_epoch_only_epochs_of_decided_gates_count(
    tmp_path: Path, configure: Configure, epochs: int, expected: float
) -> None:
    """Gates are decided from the fifth epoch on; a run that stops before that has the score of its last epoch."""
    overrides = ("mgu=lean", "mgu.decisive.gates=settling", "mgu.decisive.end=0.5", "training.epochs=8")
    scores = (0.9, 0.8, 0.3, 0.7, 0.5, 0.6, 0.4, 0.2)
    told, _, _ = as_of_epoch(configure, tmp_path, scores, *overrides, f"training.stop_after={epochs}")
    assert told.score == expected


@pytest.mark.parametrize(("select", "epochs", "expected"), [("best", 2, 0.7), ("best", 1, None), ("last", 2, None)])
def test_the_test_score_after_fewer_epochs_is_known_where_the_run_took_their_weights(
    select: str, epochs: int, expected: float | None
) -> None:
    config = example_config(training={"select": select})
    tested = Metrics(loss=0.3, accuracy=0.7, precision=0.7, recall=0.7)
    result = example_result(config=config, epochs=4, best_epoch=2, test=tested)
    assert find_test_score(result, epochs) == expected


def test_a_run_that_is_trained_on_without_getting_better_stays_the_incumbent_with_what_is_known_of_it_now() -> None:
    trials = [Trial(k, {}, "told", score=0.9, cost=Cost(1.0), ended=k, after=k) for k in range(3)]
    trials[2] = replace(trials[2], continues=0)
    details: dict[int, dict[str, Any]] = {
        0: {"run": "a", "test": None},
        1: {"run": "b", "test": 0.5},
        2: {"run": "a", "test": 0.8},
    }
    curve = trace(("asha", "grid", 0), trials, range(3), dict.fromkeys(range(3), 0.0), details)
    assert [(step.seconds, step.run, step.test) for step in curve.steps] == [(1, "a", None), (3, "a", 0.8)]


def continued(*told: tuple[float, int | None]) -> list[Trial]:
    """Trials by their scores and the trials that they continue, a second each."""
    return [
        Trial(k, {"k": k}, "told", score=score, cost=Cost(1.0), ended=k, after=k, continues=continues)
        for k, (score, continues) in enumerate(told)
    ]


def test_weights_that_were_trained_on_are_no_incumbent_any_more() -> None:
    """As with training.select=last: the run that had 0.9 has 0.6 now, and then 0.7."""
    trials = continued((0.8, None), (0.9, None), (0.6, 1), (0.7, 2), (0.85, 0))
    details = {k: {"run": run, "test": k / 10} for k, run in enumerate("abbba")}
    curve = trace(("asha", "grid", 0), trials, range(5), dict.fromkeys(range(5), 0.0), details)
    assert [(step.seconds, step.number) for step in curve.steps] == [(1, 0), (2, 1), (3, 0), (5, 4)]
    best = best_of(trials)
    assert best and best.number == 4
    assert [trial.number for trial in current_trials(trials)] == [3, 4]


def test_of_the_trials_of_a_long_search_the_best_are_held_alone() -> None:
    """All 10,000 were described, as if each were the best: 4.8 MB."""
    number = 10_000
    trials = [Trial(k, {}, "told", score=k * 7919 % 9973, cost=Cost(1.0), ended=k, after=k) for k in range(number)]
    details = {k: {"run": "a", "test": 0.5, "to_solution_s": 2.0} for k in range(number)}
    tracemalloc.start()
    try:
        curve = trace(("random", "grid", 0), trials, range(number), dict.fromkeys(range(number), 0.1), details)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert curve.steps[-1].score == 9972 and len(curve.steps) < 20
    assert peak < 1.5e6  # bytes


def test_runs_that_were_told_without_charge_are_neither_trials_nor_reused_ones() -> None:
    told = [Trial(k, {}, "told", score=0.9, cost=Cost(0.0, trials=0), was_there=True, ended=k, after=k) for k in (0, 1)]
    own = [Trial(k, {}, "told", score=0.8, cost=Cost(1.0), was_there=k == 2, ended=k, after=k) for k in (2, 3)]
    found = trace(
        ("random", "grid", 0), [*told, *own], range(4), dict.fromkeys(range(4), 0.0), {key: {} for key in range(4)}
    )
    assert (found.trials, found.reused) == (2, 1)


def test_points_without_a_recorded_run_are_refused() -> None:
    with pytest.raises(UserError, match=r"a recorded run of each of the 24 points .* the most that a seed has is 0"):
        find_records(GRID, [example_result()], lambda point, seed: "?", None)
    with pytest.raises(UserError, match="must have a space of finitely many points"):
        find_records(MIXED, [], lambda point, seed: "?", None)
    with pytest.raises(UserError, match=r"Train them first: leave search, space and budget out\.$"):
        find_records(GridSpace("grid", GRID.parameters), [], lambda point, seed: "?", None)
    with pytest.raises(
        UserError, match=r"first: pass search=grid space=mine, and leave search\.replay and budget out\.$"
    ):
        find_records(Space("mine", GRID.parameters), [], lambda point, seed: "?", None)


def test_a_refusal_names_the_runs_that_are_on_other_rows_or_were_stopped() -> None:
    """It said to train them first, which was refused, for they were there."""
    dataset = {"name": "python", "target": "my:load", "fingerprint": "90 0.125"}
    config = example_config(dataset=dataset)
    stopped = example_config(dataset=dataset, training={"epochs": 30, "stop_after": 12})
    results = [example_result(config=own) for own in (config, config, stopped, stopped)]
    assert [find_obstacle(own, {}) for own in results] == [None, None, STOPPED, STOPPED]
    assert [find_obstacle(own, {"dataset": {"fingerprint": "90 -0.75"}}) for own in results] == [OTHER_ROWS] * 4
    lost = [(structs.replace(results[0], identity=f"{key}"), OTHER_ROWS) for key in range(3)]
    lost += [(structs.replace(results[2], identity=identity), STOPPED) for identity in ("3", "of another point")]
    points = list(GRID.points())
    with pytest.raises(UserError) as refused:
        find_records(GRID, [], lambda point, seed: str(points.index(point)), None, lost=lost)
    assert "a seed has is 0, beside 3 on other rows than dataset.target returns now, 1 stopped by" in str(refused.value)
    assert "Put back the files that dataset.target reads, or train them again with force=true, or" in str(refused.value)


def test_a_run_on_what_its_file_held_before_is_named_at_its_point(configure: Configure, tmp_path: Path) -> None:
    """Its identity has the checksum, so that it was at no point, and the user was told to train what was there."""

    def on(rows: int, name: str = "h.csv", lr: float = 0.1) -> RunConfig:
        (tmp_path / name).write_text("a,ill\n" + "".join(f"{row},{row % 2}\n" for row in range(rows)))
        words = (f"dataset.path={tmp_path / name}", "dataset.target=ill", "dataset.task=classification")
        return configure("dataset=table", *words, "layout=dense_2", f"optimizer.lr={lr}")

    def result(config: RunConfig) -> Result:
        return example_result(identity=config.identity, config=config.model_dump(mode="json"))

    before, other, elsewhere, now = on(40), on(40, lr=0.2), on(40, "k.csv"), on(41)
    today = now.model_dump(mode="json")
    known = [find_obstacle(result(own), today) for own in (before, other, elsewhere, now)]
    assert known == [OTHER_FILE, OTHER_FILE, None, None]
    lost = [(as_of_today(result(own), OTHER_FILE, today), OTHER_FILE) for own in (before, other)]
    assert [own.identity for own, _ in lost] == [now.identity, on(41, lr=0.2).identity]
    points = Space("mine", (Ordinal("optimizer.lr", (0.1, 0.3)),))
    with pytest.raises(
        UserError, match=r"has is 0, beside 1 on other rows than dataset\.path holds now\. Put back what"
    ):
        find_records(points, [], lambda point, seed: on(41, lr=point["optimizer.lr"]).identity, None, lost=lost)
