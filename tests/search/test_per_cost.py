"""The expected improvement per second, against formulas and on a function whose cost is known."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float
from mgu.search.per_cost import LEAST, PerCost, fit_process, improvement, matern
from mgu.search.propose import propose
from mgu.search.space import Space
from mgu.search.strategies import build_strategy
from mgu.search.strategies.random import RandomStrategy
from mgu.search.strategy import Cost, Trial
from tests.search.spaces import GRID

LINE = Space("line", (Float("x", 0.0, 1.0),))


def trial(number: int, x: float, score: float, seconds: float) -> Trial:
    return Trial(number, {"x": x}, "told", score=score, cost=Cost(seconds), ended=number)


def test_the_improvement_is_the_integral_over_the_normal_density() -> None:
    means, deviations, best = np.array([0.2, 1.0, -3.0]), np.array([1.0, 0.5, 0.1]), 0.4
    drawn = np.linspace(-12, 12, 400_001)
    step = drawn[1] - drawn[0]
    for mean, deviation, value in zip(means, deviations, improvement(means, deviations, best), strict=True):
        above = np.maximum(mean + deviation * drawn - best, 0) * norm.pdf(drawn)
        assert value == pytest.approx(float(above.sum() * step), rel=1e-6, abs=1e-200)


def test_a_process_is_the_conditioned_normal_and_has_the_largest_likelihood_of_those_tried() -> None:
    generator = np.random.default_rng(0)
    points = generator.random((12, 2))
    values = np.sin(4 * points[:, 0]) + points[:, 1]
    found = fit_process(points, values)
    other = generator.random((3, 2))
    standardised = (values - values.mean()) / values.std()
    noise = (found.factor @ found.factor.T)[0, 0] - 1
    own = matern(points, points, found.length) + noise * np.eye(12)
    cross = matern(other, points, found.length)
    means, deviations = found.predict(other)
    assert means == pytest.approx(values.mean() + values.std() * cross @ np.linalg.solve(own, standardised))
    assert deviations == pytest.approx(
        values.std() * np.sqrt(1 - np.einsum("ij,ji->i", cross, np.linalg.solve(own, cross.T)))
    )
    density = multivariate_normal(np.zeros(12), own).logpdf(standardised)
    assert found.likelihood == pytest.approx(density + 6 * math.log(2 * math.pi))


def test_of_points_that_promise_alike_the_cheap_one_is_taken() -> None:
    history = [trial(k, x, 1 - (x - 0.5) ** 2, 1.0 if x < 0.5 else 100.0)
               for k, x in enumerate((0.0, 0.15, 0.3, 0.7, 0.85, 1.0))]  # fmt: skip
    assert len(history) == LEAST

    class Wishes(RandomStrategy):
        def ask(self, history: object, number: int) -> list[dict[str, float]]:
            return [{"x": x} for x in (0.58, 0.42, 0.9)][:number]

    own = PerCost(Wishes(LINE, 0, {}), LINE)
    assert own.ask(history, 1) == [{"x": 0.42}] and own.ask(history[:-1], 1) == [{"x": 0.58}]
    assert own.ask(history, 3)[-1] in ({"x": 0.58}, {"x": 0.9})


def test_what_it_spends_on_a_grid_with_dear_points_is_less_at_no_loss() -> None:
    points = list(GRID.points())
    generator = Random(0)
    scores = {GRID.key(point): generator.random() for point in points}
    seconds = {GRID.key(point): 1.0 + 20.0 * (place % 2) for place, point in enumerate(points)}

    def spend(per_cost: bool, seed: int) -> float:
        strategy = build_strategy("random", GRID, seed, {}, per_cost)
        history: list[Trial] = []
        tried: dict[object, None] = {}
        while len(history) < 12 and (proposal := propose(strategy, GRID, seed, history, tried)):  # type: ignore[arg-type]
            key = GRID.key(proposal.point)
            tried[key] = None
            number = len(history)
            told = Trial(number, proposal.point, "told", scores[key], cost=Cost(seconds[key]), ended=number)
            history.append(told)
        assert len(tried) == 12
        return sum(own.cost.seconds for own in history)

    assert fmean(spend(True, seed) for seed in range(5)) < 0.9 * fmean(spend(False, seed) for seed in range(5))


@pytest.mark.parametrize("name", ["grid", "asha", "reinforce"])
def test_strategies_that_wish_for_one_thing_only_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"search.per_cost=true must go with .* but search={name} does not"):
        build_strategy(name, GRID, 0, {}, per_cost=True)
