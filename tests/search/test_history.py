"""The history of a study: append-only, torn ends ignored, other studies refused, prices added up."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mgu.errors import UserError
from mgu.results.on_disk.search_files import STUDY_FILE
from mgu.search.budget import Budget, Spent
from mgu.search.costs import beyond
from mgu.search.history import History
from mgu.search.space import Space
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost
from mgu.search.study import SearchedData, Study
from tests.search.spaces import GRID, MIXED, TILES


def fill(history: History, number: int, runs: bool = False) -> None:
    points = list(history.space.points())
    for n in range(number):
        history.append("asked", number=n, point=points[n], seed=5, worker="w", ask_s=0.5)
        trial = replace(history.trials[n], state="told", score=n / 10, epochs=2, cost=Cost(seconds=1.0, epochs=2))
        history.tell(trial, {"val": n / 10, "test": None} | ({"run": f"run-{n}"} if runs else {}))


@pytest.mark.parametrize("space", [GRID, TILES], ids=lambda space: space.name)
def test_a_history_is_read_as_it_was_written(space: Space, tmp_path: Path) -> None:
    written = History(tmp_path / "h" / "history.jsonl", space, "abc")
    fill(written, 4)
    written.append("asked", number=4, point=list(space.points())[4], seed=1, worker="w", ask_s=0.0, stop_after=3)
    read = History(tmp_path / "h" / "history.jsonl", space, "abc")
    assert read.trials == written.trials and read.order == [0, 1, 2, 3] and read.details == written.details
    assert [trial.number for trial in read.running()] == [4] and read.trials[4].stop_after == 3
    assert [trial.after for trial in read.trials] == [0, 1, 2, 3, 4]


def test_every_torn_end_is_ignored_and_replaced(tmp_path: Path) -> None:
    whole = History(tmp_path / "whole.jsonl", GRID, "abc")
    fill(whole, 3)
    content = (tmp_path / "whole.jsonl").read_bytes()
    path = tmp_path / "torn.jsonl"
    for length in range(0, len(content), 31):
        path.write_bytes(content[:length])
        torn = History(path, GRID, "abc")
        assert torn.trials == whole.trials[: len(torn.trials)] or torn.running()
        torn.append("cut", number=0, seconds=1.0) if torn.trials else torn.append(
            "asked", number=0, point=next(GRID.points()), seed=5, worker="w", ask_s=0.5
        )
        lines = path.read_bytes().splitlines()
        assert all(json.loads(line) for line in lines) and json.loads(lines[0])["identity"] == "abc"


def test_two_readers_see_what_the_other_writes(tmp_path: Path) -> None:
    one, other = (History(tmp_path / "h.jsonl", GRID, "abc") for _ in range(2))
    fill(one, 2)
    other.refresh()
    assert other.trials == one.trials
    other.append("asked", number=2, point=list(GRID.points())[7], seed=5, worker="v", ask_s=0.5)
    one.refresh()
    assert one.workers == {2: "v"}


@pytest.mark.parametrize(
    "line",
    ['{"event": "told", "number": 9}', "[1]", '{"event": "x", "number": 0}',
     '{"event": "asked", "number": 0, "point": {"layout": "?"}, "seed": 1, "worker": "w", "ask_s": 0}'],
)  # fmt: skip
def test_damage_before_the_end_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    history = History(tmp_path / "h.jsonl", GRID, "abc")
    fill(history, 1)
    with history.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match="line 4 is damaged"):
        History(history.path, GRID, "abc")


def study(folder: Path, seed: int = 0, budget: Budget | None = None, space: Space = GRID) -> Study:
    strategy = build_strategy("random", space, seed, {})
    return Study(
        folder, space, strategy, "random", seed, budget or Budget(trials=3), {"run": 1}, SearchedData("digits", "paper")
    )


def test_a_study_goes_on_with_a_larger_budget_and_refuses_another_ones_history(tmp_path: Path) -> None:
    first = study(tmp_path)
    fill(first.open(), 2)
    assert study(tmp_path, budget=Budget(seconds=9)).folder == first.folder
    assert study(tmp_path, seed=1).folder != first.folder != study(tmp_path, space=MIXED).folder
    other = study(tmp_path, seed=1)
    other.folder.parent.mkdir(exist_ok=True)
    os.rename(first.folder, other.folder)
    with pytest.raises(UserError, match=f"must be of study {other.identity}, but is of study {first.identity}"):
        other.open()
    (other.folder / STUDY_FILE).unlink()
    with pytest.raises(UserError, match=f"is that of study {first.identity}"):
        other.open()


def test_a_worker_is_alive_while_it_holds_its_lock(tmp_path: Path) -> None:
    own = study(tmp_path)
    own.open()
    with own.at_work() as name:
        assert own.is_alive(name)
    assert not own.is_alive(name) and not own.is_alive("never-was")


def test_costs_add_up() -> None:
    costs = [Cost(1.5, 0.5, {"cpu rapl": 1e-3, "ram model": 2e-3}, 4.0, 3), Cost(2.25, 1.0, {"cpu rapl": 5e-4}, 1.0, 2)]
    spent = Spent()
    for cost in costs:
        spent = spent.plus(cost, 0.125)
    parts = sum(cost.seconds for cost in costs) + 2 * 0.125
    assert spent.seconds == pytest.approx(parts, abs=1e-9) and spent.strategy_s == 0.25
    assert (spent.kwh, spent.grams, spent.epochs, spent.trials) == (pytest.approx(3.5e-3, abs=1e-12), 5.0, 5, 2)
    assert spent.plus(Cost(1.0), 0.0).kwh is None  # not known of one, not known of all


@pytest.mark.parametrize(
    ("budget", "reached"),
    [({"seconds": 3.0}, "seconds"), ({"trials": 2, "seconds": 99.0}, "trials"), ({"epochs": 5}, "epochs"),
     ({"seconds": 99.0}, None), ({"grams": 0.5}, "grams"), ({"cpu_seconds": 1.0}, "cpu_seconds")],
)  # fmt: skip
def test_the_first_limit_to_be_reached_ends_it(budget: dict[str, float], reached: str | None) -> None:
    spent = Spent(seconds=3.0, cpu_seconds=1.0, kwh=1e-3, grams=1.0, trials=2, epochs=5)
    assert Budget(**budget).reached(spent) == reached  # type: ignore[arg-type]


def test_shares_and_multiples_become_trials_and_seconds() -> None:
    own = Budget(share=0.25, times_unit=4).resolve(24, 2.5, True, True)
    assert (own.trials, own.seconds) == (6, 10.0)
    assert Budget().resolve(24, None, False, False).given == {}


def test_grams_need_a_place() -> None:
    assert Budget(grams=1.0).resolve(24, None, True, True).grams == 1.0
    with pytest.raises(UserError, match=r"^budget.grams must go with the place whose electricity .*energy.country=FRA"):
        Budget(grams=1.0).resolve(24, None, True, False)


@pytest.mark.parametrize(
    ("budget", "size", "unit_s", "message"),
    [
        ({}, None, None, "budget must have a limit"),
        ({"share": 0.1}, None, None, "budget.share must go with a space of finitely many points"),
        ({"times_unit": 4}, 24, None, "budget.times_unit must have a finished run of the unit"),
        ({"kwh": 1.0}, 24, None, "budget.kwh must go with energy.enabled=true"),
    ],
)
def test_a_budget_of_nothing_is_refused(
    budget: dict[str, float], size: int | None, unit_s: float | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        Budget(**budget).resolve(size, unit_s, False, False)  # type: ignore[arg-type]


def test_a_promotion_pays_what_it_trains_and_what_was_paid_twice_before() -> None:
    """Ten of training and four of evaluation were paid; the whole run has twenty and four, the first evaluation not."""
    first = Cost(14.0, 14.0, {"cpu rapl": 14.0}, 14.0, epochs=1)
    whole = Cost(24.0, 24.0, {"cpu rapl": 24.0}, 24.0, epochs=2)
    spent = beyond(whole, [(first, 4.0)])
    assert [spent.seconds, spent.cpu_seconds, spent.grams] == pytest.approx([14.0, 14.0, 14.0]) and spent.epochs == 1
    assert spent.kwh == pytest.approx({"cpu rapl": 14.0})
    ended = beyond(replace(first, seconds=14.5), [(first, 4.0)])
    assert (ended.seconds, ended.cpu_seconds, ended.epochs) == (0.0, 0.0, 0)


def test_a_study_does_not_go_on_with_other_rows(tmp_path: Path) -> None:
    begun, same, others = study(tmp_path), study(tmp_path), study(tmp_path)
    for own, rows in ((begun, "90 0.125 0.5"), (same, "90 0.12501 0.5"), (others, "90 -0.75 0.5")):
        own.data = own.data._replace(fingerprint=rows)
    history = others.open()  # it was refused before its first trial, and begins with the rows that were put back
    assert begun.open().order == history.order == []
    with begun.at_work(), pytest.raises(UserError, match="rows of today"):  # its trial is on the rows of then
        others.open()
    fill(history, 1)
    same.open()
    with pytest.raises(UserError, match=r"must be of a study on the rows of today, but dataset\.target has returned"):
        others.open()
