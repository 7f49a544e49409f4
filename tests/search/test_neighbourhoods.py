"""Searches by neighbourhoods: moves, best-first order, the actor's gradient, and asks from the history alone."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors
from mgu.search.space import Point, Space
from mgu.search.strategies import build_strategy
from mgu.search.strategies.actor_critic import ActorCritic, Batch
from mgu.search.strategies.known_trials import known_at
from mgu.search.strategies.moves import list_moves
from mgu.search.strategy import Strategy, Trial

TILES = Space("tiles", (Factors("m", 16, 3), Factors("k", 12, 2), Factors("n", 8, 3)))
MIXED = Space(
    "mixed",
    (
        Categorical("norm", ("ln", "bn", "none")),
        Int("depth", 1, 3),
        Float("rate", 0.001, 0.1, log=True),
        Ordinal("batch", (16, 32, 64)),
        Float("eps", 0.0, 1.0, when=Condition("norm", ("ln", "bn"))),
    ),
)
SLOPE = Space("slope", tuple(Ordinal(name, tuple(range(30))) for name in "abcd"))


def distance(point: Point) -> float:
    """A convex cost on TILES with its optimum at (4, 2, 2), (4, 3), (2, 2, 2), negated."""
    best = {"m": (4, 2, 2), "k": (4, 3), "n": (2, 2, 2)}
    return -sum(abs(math.log(a / b)) for name in best for a, b in zip(point[name], best[name], strict=True))


def search(strategy: Strategy, score: Any, trials: int) -> list[Trial]:
    """One trial after the other, each known before the next is asked for."""
    history: list[Trial] = []
    for number in range(trials):
        asked = strategy.ask(history, 1)
        if not asked:
            break
        value = score(asked[0])
        state = "failed" if value is None else "told"
        history.append(Trial(number, asked[0], state, value, ended=number, after=number))  # type: ignore[arg-type]
    return history


@pytest.mark.parametrize("space", [TILES, MIXED], ids=["tiles", "mixed"])
def test_the_moves_of_a_point_lead_to_its_neighbours_and_to_nothing_else(space: Space) -> None:
    generator = Random(0)
    moves = list_moves(space)
    for _ in range(50):
        point = space.sample(generator)
        reached = [other for move in moves if (other := move.apply(space, point)) is not None]
        assert {space.key(other) for other in reached} == {space.key(other) for other in space.neighbours(point)}
        assert len(reached) == len({space.key(other) for other in reached})


@pytest.mark.parametrize("seed", range(3))
def test_with_all_neighbours_it_is_textbook_best_first_search(seed: int) -> None:
    strategy = build_strategy("gbfs", TILES, seed, {"rho": 0})
    history = search(strategy, distance, 150)
    visited = {TILES.key(history[0].point)}
    open_list, place = [history[0].point], 1
    while place < len(history):
        best = max(open_list, key=distance)
        open_list.remove(best)
        children = [own for own in TILES.neighbours(best) if TILES.key(own) not in visited]
        asked = history[place : place + len(children)]
        if len(asked) == len(children):
            assert {TILES.key(own.point) for own in asked} == {TILES.key(own) for own in children}
        open_list += [own.point for own in asked]  # ties are expanded in the order in which they were tried
        visited |= {TILES.key(own.point) for own in asked}
        place += len(children)
    assert len(visited) == len(history)
    assert max(own.score for own in history if own.score is not None) == 0.0


def test_best_first_search_may_begin_with_random_points_and_then_expands_the_best_of_them() -> None:
    history = search(build_strategy("gbfs", TILES, 0, {"startup": 10}), distance, 15)
    assert len({TILES.key(own.point) for own in history}) == 15
    best = max(history[:10], key=lambda own: (own.score or 0.0, -own.number))
    around = {TILES.key(own) for own in TILES.neighbours(best.point)}
    assert {TILES.key(own.point) for own in history[10:]} <= around


@pytest.mark.parametrize("name", ["gbfs", "na2c"])
def test_a_finite_space_is_used_up_once(name: str) -> None:
    space = Space("small", (Categorical("a", tuple("xyz")), Ordinal("b", (1, 2, 3, 4))))
    history = search(build_strategy(name, space, 0, {}), lambda point: float(point["b"]), 40)
    assert len(history) == len({space.key(own.point) for own in history}) == 12


@pytest.mark.parametrize("log", [False, True])
def test_steps_up_and_down_return_to_a_number_and_not_beside_it(log: bool) -> None:
    own = Float("lr", 1e-4, 1e-2, log=log)
    generator = Random(0)
    for value in (own.low, own.high, own.default, *(own.sample(generator) for _ in range(50))):
        assert all(0 < abs(own.encode(near)[0] - own.encode(value)[0]) < 0.0751 for near in own.neighbours(value))
        assert all(float(f"{near:.6g}") == near for near in own.neighbours(value))
        for near in own.neighbours(value):
            assert all(near in own.neighbours(further) for further in own.neighbours(near))


@pytest.mark.parametrize("name", ["gbfs", "na2c"])
def test_no_number_is_tried_again_beside_itself(name: str) -> None:
    space = Space("rates", (Float("lr", 1e-4, 1e-2, log=True),))
    history = search(build_strategy(name, space, 3, {}), lambda point: -abs(math.log(point["lr"] / 1e-3)), 15)
    tried = sorted(own.point["lr"] for own in history)
    assert len(tried) == 15 and all(above / below > 1.001 for below, above in pairwise(tried))


@pytest.mark.parametrize("name", ["gbfs", "na2c"])
@pytest.mark.parametrize("space", [TILES, MIXED], ids=["tiles", "mixed"])
def test_every_prefix_of_a_history_gives_the_same_next_ask(name: str, space: Space) -> None:
    generator = Random(1)
    history = search(
        build_strategy(name, space, 3, {}), lambda point: None if generator.random() < 0.1 else generator.random(), 25
    )
    kept = build_strategy(name, space, 3, {})
    for number, trial in enumerate(history):
        assert build_strategy(name, space, 3, {}).ask(history[:number], 1) == [trial.point]
        assert kept.ask(history[:number], 1) == [trial.point]
    assert kept.ask(history[:7], 1) == [history[7].point]  # also backwards


@pytest.mark.parametrize("name", ["gbfs", "na2c"])
def test_trials_that_run_side_by_side_are_replayed_by_what_was_known_then(name: str) -> None:
    """Three workers: each trial is asked for when two others run."""
    strategy, history, ended = build_strategy(name, TILES, 0, {}), list[Trial](), 0
    asked = []
    for number in range(24):
        if number >= 3:
            oldest = number - 3
            history[oldest] = replace(history[oldest], state="told", score=distance(history[oldest].point), ended=ended)
            ended += 1
        asked.append(strategy.ask(history, 1)[0])
        history.append(Trial(number, asked[-1], "running", after=ended))
    assert len({TILES.key(point) for point in asked}) == 24
    assert [own.number for own in known_at(history, 10)] == list(range(8))
    again = build_strategy(name, TILES, 0, {})
    assert again.ask(history, 1) == strategy.ask(history, 1)


def test_the_actor_s_gradient_is_that_of_finite_differences() -> None:
    drawn = np.random.default_rng(0)
    network = ActorCritic(3, 5, 7, drawn)
    allowed = (drawn.random((6, 5)) < 0.7).astype(float)
    moves = np.array([0, 1, 2, 3, 4, 0])
    allowed[np.arange(6), moves] = 1.0
    batch = Batch(drawn.normal(size=(6, 3)), moves, allowed, drawn.normal(size=6))
    advantages = batch.rewards - network.forward(batch.states)[2]
    gradients = network.gradients(batch)
    for name, weights in network.weights.items():
        for at in np.ndindex(weights.shape):
            kept, sides = weights[at], []
            for step in (1e-6, -1e-6):
                weights[at] = kept + step
                sides.append(network.loss(batch, advantages))
            weights[at] = kept
            assert gradients[name][at] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7), name


def test_a_step_makes_a_rewarded_move_likelier() -> None:
    """In NNI's code the policy's term has the wrong sign."""
    network = ActorCritic(2, 4, 8, np.random.default_rng(0))
    state, allowed = np.array([[0.3, -0.2]]), np.ones((1, 4))
    batch = Batch(state, np.array([2]), allowed, np.array([3.0]))
    before = network.loss(batch, np.ones(1))
    gradients = network.gradients(batch)
    for name, own in gradients.items():
        network.weights[name] -= 0.01 * own
    logits = network.forward(state)[1][0]
    chosen = np.exp(logits[2]) / np.exp(logits).sum()
    assert chosen > 0.25 and network.loss(batch, np.ones(1)) < before


@pytest.mark.parametrize("num_seeds", [6, pytest.param(20, marks=pytest.mark.long)])
def test_n_a2c_beats_a_uniform_walk(num_seeds: int) -> None:
    """On a long slope; a uniform walk is the same search with random moves only."""

    def mean_best(options: dict[str, Any]) -> float:
        runs = [
            search(
                build_strategy("na2c", SLOPE, seed, {"hidden": 32, **options}),
                lambda point: -sum(29 - own for own in point.values()),
                70,
            )
            for seed in range(num_seeds)
        ]
        return fmean(max(own.score for own in history if own.score is not None) for history in runs)

    assert mean_best({}) > mean_best({"epsilon": 1.0}) + 3
