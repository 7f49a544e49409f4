"""Search by a learned policy: its gradient, what it learns on toys, and asks from the history alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from statistics import fmean

import numpy as np
import pytest

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.factors import Factors
from mgu.search.space import Point, Space
from mgu.search.strategies import build_strategy
from mgu.search.strategies.lstm_policy import Episode, LstmPolicy, Shape
from mgu.search.strategy import Strategy, Trial

BANDIT = Space("bandit", (Categorical("arm", tuple("abcde")),))
BOWL = Space("bowl", (Float("x", 0.0, 1.0), Float("y", 0.01, 1.0, log=True)))
MIXED = Space("mixed", (Categorical("norm", ("ln", "bn")), Int("depth", 1, 9), Ordinal("batch", (8, 16, 32))))


def search(strategy: Strategy, score: Callable[[Point], float | None], trials: int) -> list[Trial]:
    history: list[Trial] = []
    for number in range(trials):
        [point] = strategy.ask(history, 1)
        value = score(point)
        state = "failed" if value is None else "told"
        history.append(Trial(number, point, state, value, ended=number, after=number))  # type: ignore[arg-type]
    return history


def policy() -> tuple[LstmPolicy, Episode]:
    drawn = np.random.default_rng(0)
    episode = Episode(drawn.normal(size=(2, 5)), drawn.uniform(size=(2, 2)), np.array([[0, 1], [2, 0]]))
    return LstmPolicy(Shape(5, 2, (3, 2), 4), drawn), episode


def test_the_gradient_of_an_episode_is_that_of_finite_differences() -> None:
    network, episode = policy()
    advantages = np.array([0.7, -1.3])
    gradients = network.gradients(episode, advantages)
    for name, weights in network.weights.items():
        for at in np.ndindex(weights.shape):
            kept, sides = weights[at], []
            for step in (1e-6, -1e-6):
                weights[at] = kept + step
                sides.append(network.loss(episode, advantages))
            weights[at] = kept
            assert gradients[name][at] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7), name


def test_the_log_probability_of_an_episode_by_hand() -> None:
    network, episode = policy()
    own = network.weights
    h, c = np.zeros(4), np.zeros(4)

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    for t, wanted in enumerate(network.log_probabilities(episode)):
        i, f, o, g = np.split(episode.states[t] @ own["input"] + h @ own["recurrent"] + own["bias"], 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        mean, sigma = sigmoid(h @ own["mean"] + own["mean_bias"]), np.exp(own["log_sigma"])
        by_hand = sum(
            -((u - m) ** 2) / (2 * s**2) - math.log(s * math.sqrt(2 * math.pi))
            for u, m, s in zip(episode.numbers[t], mean, sigma, strict=True)
        )
        logits = h @ own["choice"] + own["choice_bias"]
        for part, chosen in ((logits[:3], episode.choices[t][0]), (logits[3:], episode.choices[t][1])):
            by_hand += part[chosen] - math.log(sum(math.exp(own) for own in part))
        assert wanted == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize("options", [{}, {"evaluations": 3, "steps": 4, "episodes": 2}])
def test_every_prefix_of_a_history_gives_the_same_next_ask(options: dict[str, int]) -> None:
    generator = Random(2)
    score = lambda point: None if generator.random() < 0.1 else generator.random()  # noqa: E731
    history = search(build_strategy("reinforce", MIXED, 5, options), score, 50)
    kept = build_strategy("reinforce", MIXED, 5, options)
    for number in range(0, 50, 7):
        assert build_strategy("reinforce", MIXED, 5, options).ask(history[:number], 1) == [history[number].point]
        assert kept.ask(history[:number], 1) == [history[number].point]
    repeats = options.get("evaluations", 1)
    assert all(history[place].point == history[place - place % repeats].point for place in range(48))


def test_it_finds_the_best_arm() -> None:
    worth = dict(zip("abcde", (0.1, 0.2, 0.3, 0.4, 1.0), strict=True))
    history = search(build_strategy("reinforce", BANDIT, 0, {}), lambda point: worth[point["arm"]], 400)
    drawn = [own.point["arm"] for own in history if own.number % 10][-50:]  # the first of an episode is a random one
    assert drawn.count("e") > 45


@pytest.mark.parametrize("num_seeds", [3, pytest.param(20, marks=pytest.mark.long)])
def test_on_a_noisy_bowl_its_last_trials_are_better_than_random_ones(num_seeds: int) -> None:
    def last(name: str, seed: int) -> float:
        noise = Random(seed)
        history = search(
            build_strategy(name, BOWL, seed, {}),
            lambda point: -((point["x"] - 0.3) ** 2) - (math.log(point["y"]) / 4 + 0.5) ** 2 + noise.gauss(0, 0.1),
            400,
        )
        points = [own.point for own in history[-20:]]
        return fmean(-((own["x"] - 0.3) ** 2) - (math.log(own["y"]) / 4 + 0.5) ** 2 for own in points)

    gains = [last("reinforce", seed) - last("random", seed) for seed in range(num_seeds)]
    assert fmean(gains) > 0.05


def test_products_are_refused_by_name() -> None:
    with pytest.raises(UserError, match="m of space=tiles is a product"):
        build_strategy("reinforce", Space("tiles", (Factors("m", 16, 4),)), 0, {})
