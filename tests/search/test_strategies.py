"""The contract of all strategies: the history alone decides, nothing is tried twice, bad options are refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float
from mgu.search.parameters.choices import Categorical
from mgu.search.propose import propose, seed_of
from mgu.search.space import Space
from mgu.search.strategies import STRATEGIES, build_strategy
from mgu.search.strategies.halving import rungs_of
from mgu.search.strategy import Trial
from tests.search.spaces import GRID, MIXED, bowl, search, told

OPTIONS: dict[str, dict[str, Any]] = {
    "tpe": {"startup": 4},
    "gp": {"startup": 6},
    "nsga2": {"population": 4},
    "asha": {"max_epochs": 4, "min_epochs": 1},
    "bohb": {"max_epochs": 4, "min_epochs": 1, "startup": 4},
}
FIDELITY = ("asha", "bohb")
QUICK = ("grid", "random", "qmc", "tpe", "nsga2", *FIDELITY)


def build(name: str, space: Space, seed: int = 0) -> Any:
    return build_strategy(name, space, seed, OPTIONS.get(name, {}))


@pytest.mark.parametrize("space", [GRID, MIXED], ids=lambda space: space.name)
@pytest.mark.parametrize("name", QUICK)
def test_every_prefix_of_a_history_gives_the_same_next_ask(name: str, space: Space) -> None:
    if name == "grid" and space is MIXED:
        pytest.skip("a grid is finite")
    trials = search(build(name, space), space, 12)
    assert len(trials) == 12
    for length in range(0, 12, 5 if name in ("tpe", "bohb", "nsga2") else 2):
        history = trials[:length]
        tried = {space.key(trial.point) for trial in history}
        again = propose(build(name, space), space, 0, history, tried)
        assert again is not None and again.point == trials[length].point
        assert (again.stop_after, again.continues) == (trials[length].stop_after, trials[length].continues)


@pytest.mark.parametrize("name", [name for name in QUICK if name not in FIDELITY])
def test_a_space_is_used_up_exactly_once_and_then_ends(name: str) -> None:
    trials = search(build(name, GRID), GRID, 30)
    assert len({GRID.key(trial.point) for trial in trials}) == len(trials) == 24


class Narrow(Space):
    """A part of a space, as networks with few weights are of all networks."""

    def is_legal(self, point: Mapping[str, Any]) -> bool:
        return self.encode(point)[0] <= 0.5


@pytest.mark.parametrize("name", [name for name in QUICK if name != "grid"])
def test_a_point_that_is_not_legal_is_never_tried(name: str) -> None:
    space = Narrow("narrow", (Float("x", 0.0, 1.0), Float("y", 0.0, 1.0)))
    wide = Space("wide", space.parameters)
    tried = [trial.point for trial in search(build(name, space), space, 16)]
    assert len(tried) == 16 and all(space.is_legal(point) for point in tried)
    assert not all(space.is_legal(trial.point) for trial in search(build(name, wide), wide, 16)), "wished for"


def test_studies_with_other_seeds_try_other_points_but_grid_search() -> None:
    for name in ("random", "qmc", "tpe", "nsga2"):
        firsts = {GRID.key(search(build(name, GRID, seed), GRID, 1, seed)[0].point) for seed in range(12)}
        assert len(firsts) > 3, name
    assert seed_of(0, 0) != seed_of(1, 0) != seed_of(1, 1) and seed_of(3, 0) == seed_of(3, 0)


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_asks_are_those_of_an_optuna_study_with_the_same_trials_and_seed(name: str) -> None:
    import optuna

    from mgu.search.strategies.optuna_study import OptunaStudy, sampler_seed, suggest

    trials = search(build(name, MIXED, 7), MIXED, 9, 7)
    seed = sampler_seed(7, trials)
    if name == "tpe":
        sampler: Any = optuna.samplers.TPESampler(n_startup_trials=4, multivariate=True, group=True, seed=seed)
    else:
        sampler = optuna.samplers.NSGAIISampler(population_size=4, seed=seed)
    theirs = optuna.create_study(direction="maximize", sampler=sampler)
    mirror = OptunaStudy(name, MIXED)
    for trial in trials:  # told one by one, so that it notes generations itself
        attributes = {"NSGAIISampler:generation": trial.number // 4} if name == "nsga2" else {}
        theirs.add_trial(mirror.to_frozen(trial, attributes))
    asked, point = theirs.ask(), dict[str, Any]()
    for own in MIXED.parameters:
        if own.when is None or own.when.holds(point):
            point[own.name] = mirror.read(own, suggest(asked, own))
    assert build(name, MIXED, 7).ask(trials, 1) == [point]


def test_a_gaussian_process_asks_as_optuna_does() -> None:
    import optuna

    from mgu.search.strategies.optuna_study import OptunaStudy, sampler_seed, suggest

    trials = search(build("random", GRID, 2), GRID, 7, 2)
    theirs = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.GPSampler(n_startup_trials=6, seed=sampler_seed(2, trials))
    )
    mirror = OptunaStudy("gp", GRID)
    for trial in trials:
        theirs.add_trial(mirror.to_frozen(trial, {}))
    asked = theirs.ask()
    point = {own.name: mirror.read(own, suggest(asked, own)) for own in GRID.parameters}
    assert build("gp", GRID, 2).ask(trials, 1) == [point]


def test_tpe_beats_random_search_on_a_bowl() -> None:
    best = {
        name: [max(trial.score or 0 for trial in search(build(name, MIXED, s), MIXED, 25, s)) for s in range(3)]
        for name in ("tpe", "random")
    }
    assert sum(best["tpe"]) > sum(best["random"])


@pytest.mark.parametrize(("name", "number"), [("tpe", 40), ("gp", 14)])
def test_rates_at_which_trainings_diverge_are_left(name: str, number: int) -> None:
    rates = Space("rates", (Float("lr", 1e-4, 1.0, log=True),))
    failed = []
    for seed in range(2):
        strategy, trials = build_strategy(name, rates, seed, {"startup": 8}), list[Trial]()
        for _ in range(number):
            (point,) = strategy.ask(trials, 1)
            trial = told(len(trials), point, point["lr"])  # the larger the better, up to where it diverges
            trials.append(trial if point["lr"] < 0.03 else replace(trial, state="failed", score=None))
        failed += [trial.state == "failed" for trial in trials[10:]]
    assert sum(failed) / len(failed) < 0.6  # of a sampler that leaves out what failed: 0.8 and more


def test_halving_promotes_the_best_share_and_pays_for_more_epochs() -> None:
    assert rungs_of(5, 20, 2) == [5, 10, 20] and rungs_of(1, 9, 3) == [1, 3, 9] and rungs_of(3, 20, 2) == [5, 10, 20]
    trials = search(build("bohb", MIXED), MIXED, 14)  # two brackets of 4 + 2 + 1
    by_rung = {rung: [t for t in trials if t.stop_after == rung] for rung in (1, 2, 4)}
    assert [len(own) for own in by_rung.values()] == [8, 4, 2]
    first = by_rung[1][:4]
    best = sorted(first, key=lambda trial: -(trial.score or 0))[:2]
    assert {t.continues for t in by_rung[2][:2]} == {t.number for t in best}
    asha = search(build("asha", MIXED), MIXED, 20)
    assert all(t.continues is None or asha[t.continues].point == t.point for t in asha)
    assert len({t.continues for t in asha if t.continues is not None}) == sum(t.continues is not None for t in asha)


@pytest.mark.parametrize("name", FIDELITY)
def test_halving_trains_the_best_to_the_end_where_the_space_is_used_up(name: str) -> None:
    small = Space("small", (Categorical("a", tuple(range(5))), Categorical("b", ("p", "q"))))
    strategy = build_strategy(name, small, 0, {"min_epochs": 1, "max_epochs": 16})
    trials = search(strategy, small, 100)
    fresh = [trial for trial in trials if trial.continues is None]
    assert len({small.key(trial.point) for trial in fresh}) == len(fresh) == 10
    ended = [trial for trial in trials if trial.stop_after == 16]
    assert [trial.score for trial in ended] == [max(trial.score or 0 for trial in fresh)]
    if name == "asha":
        assert [sum(t.stop_after == rung for t in trials) for rung in (1, 2, 4, 8, 16)] == [10, 5, 2, 1, 1]


def search_that_fails(name: str, number: int) -> list[Trial]:
    """A search of so many points, each better than the one before; the last one fails when it is continued."""
    small = Space("small", (Categorical("a", tuple(range(number))),))
    strategy = build_strategy(name, small, 0, {"min_epochs": 1, "max_epochs": 4})
    trials: list[Trial] = []
    while (proposal := propose(strategy, small, 0, trials, {small.key(trial.point) for trial in trials})) is not None:
        point, stop_after, continues = proposal
        trial = told(len(trials), point, point["a"] / 10 + (stop_after or 0), stop_after, continues)
        fails = point["a"] == number - 1 and continues is not None
        trials.append(replace(trial, state="failed", score=None) if fails else trial)
    return trials


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("bohb", 3, {(1, 2), (1, 4)}),
        ("asha", 3, {(0, 2), (1, 2), (1, 4)}),  # the worst, for the third had not been tried by then
        ("bohb", 4, {(1, 2), (2, 2), (2, 4)}),
        ("asha", 4, {(1, 2), (2, 2), (2, 4)}),
    ],
)
def test_the_next_best_goes_on_where_the_best_failed_when_it_was_continued(
    name: str, number: int, expected: set[tuple[int, int]]
) -> None:
    trials = search_that_fails(name, number)
    assert [trial.point["a"] for trial in trials if trial.state == "failed"] == [number - 1]
    goes_on = {(t.point["a"], t.stop_after) for t in trials if t.state == "told" and t.continues is not None}
    assert goes_on == expected


def test_running_and_failed_trials_do_not_stop_a_strategy() -> None:
    for name in QUICK:
        strategy = build(name, GRID)
        points = list(GRID.points())
        history = [told(0, points[0], 0.1), Trial(1, points[1], "failed", ended=1), Trial(2, points[2], "running")]
        assert strategy.ask(history, 1)


@pytest.mark.parametrize(
    ("name", "space", "options", "message"),
    [
        ("tpee", GRID, {}, "search.name must be one of .*tpe.*Did you mean tpe"),
        ("grid", MIXED, {}, "search=grid must have a space of finitely many points"),
        ("tpe", GRID, {"start": 3}, "must be one of startup, candidates, but got start.*Did you mean startup"),
        ("tpe", GRID, {"startup": "x"}, "search.options.startup must be a whole number from 0, but got 'x'"),
        ("random", GRID, {"x": 1}, "must be left out, but got x"),
        ("asha", GRID, {"max_epochs": 4, "min_epochs": 5}, "1 <= min_epochs <= max_epochs"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(
    name: str, space: Space, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        build_strategy(name, space, 0, options)


@pytest.mark.parametrize(
    ("name", "option", "value", "rule"),
    [
        ("na2c", "epsilon", 2, "from 0 to 1"),
        ("na2c", "tau", 0, "at least 1"),
        ("tpe", "candidates", 0, "at least 1"),
        ("nsga2", "population", 1, "at least 2"),
        ("nsga2", "objectives", 3, "from 1 to 2"),
        ("reinforce", "steps", 0, "at least 1"),
        ("bohb", "random_share", 1.5, "from 0 to 1"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_its_range(
    name: str, option: str, value: float, rule: str
) -> None:
    with pytest.raises(
        UserError, match=f"search.options.{option} must be {rule}, but got {value}. Pass search.options"
    ):
        build_strategy(name, MIXED, 0, {option: value})


def test_an_import_is_no_cost_of_a_strategy() -> None:
    lines = (
        "import sys; from mgu.search.strategies import build_strategy; from tests.search.spaces import MIXED",
        "own = build_strategy('qmc', MIXED, 0, {}); before = set(sys.modules); own.ask([], 1)",
        "print(len(set(sys.modules) - before))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.stdout == "0\n", done


def test_the_table_has_every_strategy_of_conf() -> None:
    from mgu.config.conf import conf_dir

    assert {file.stem for file in (conf_dir() / "search").glob("*.yaml")} == set(STRATEGIES)
    assert bowl(GRID)(next(GRID.points())) < 0
