"""Expected improvement per second: of what a strategy wishes to try, the point that promises most for its cost.

Snoek, Larochelle and Adams (2012, https://arxiv.org/abs/1206.2944, section 3.2) divide the expected improvement by a
modelled cost. Here two Gaussian processes over the encoded points, of scores and of logarithms of seconds, rank the
points that any strategy asks for. Imports numpy alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mgu.search.space import Point, Space
from mgu.search.strategy import Strategy, Trial

Array = NDArray[np.float64]

LEAST = 6  # trials with a score, before which the strategy's own first wish is taken
WISHES = 8  # points that the strategy is asked for
LENGTHS = (0.1, 0.2, 0.4, 0.8, 1.6)  # times the root of the number of dimensions
NOISES = (1e-4, 1e-2, 1e-1)  # variances, of values whose own variance is 1


class PerCost:
    """Asks a strategy for several points, and gives those first that promise most for each second.

    Args:
        strategy: It learns from all trials, as without.
        space: What is searched.
    """

    may_repeat: ClassVar[bool] = False

    def __init__(self, strategy: Strategy, space: Space) -> None:
        self.strategy, self.space = strategy, space

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the strategy's points, the most promising for its cost first."""
        known = [trial for trial in history if trial.score is not None and trial.cost.seconds > 0]
        tried = {self.space.key(trial.point) for trial in history}
        wished = self.strategy.ask(history, max(WISHES, number) if len(known) >= LEAST else number)
        fresh = [point for point in wished if self.space.key(point) not in tried and self.space.is_legal(point)]
        wished = fresh or wished
        if len(known) < LEAST or len(wished) < 2:
            return wished[:number]
        encoded = np.array([self.space.encode(trial.point) for trial in known])
        scores = np.array([trial.score for trial in known], dtype=float)
        costs = np.log([trial.cost.seconds for trial in known])
        points = np.array([self.space.encode(point) for point in wished])
        means, deviations = fit_process(encoded, scores).predict(points)
        log_costs, _ = fit_process(encoded, costs).predict(points)
        values = np.log(improvement(means, deviations, float(scores.max()))) - log_costs
        return [wished[index] for index in np.argsort(-values, kind="stable")[:number]]


class GaussianProcess(NamedTuple):
    """Holds a fitted Gaussian process.

    Attributes:
        points: Encoded points, (n, d).
        length: Length of its kernel.
        factor: Lower Cholesky factor of the covariance of the values, (n, n).
        weights: Covariance solved for the standardised values, (n,).
        mean: Mean of the values.
        scale: Standard deviation of the values.
        likelihood: Logarithm of the marginal likelihood of the standardised values, less a constant.
    """

    points: Array
    length: float
    factor: Array
    weights: Array
    mean: float
    scale: float
    likelihood: float

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Returns mean and standard deviation of the values at points, each (m,)."""
        cross = matern(points, self.points, self.length)  # (m, n)
        solved = np.linalg.solve(self.factor, cross.T)  # (n, m)
        variance = np.maximum(1.0 - (solved**2).sum(axis=0), 1e-12)
        return self.mean + self.scale * (cross @ self.weights), self.scale * np.sqrt(variance)


def fit_process(points: Array, values: Array) -> GaussianProcess:
    """Fits a Gaussian process; of some lengths and noises, those with the largest marginal likelihood.

    Args:
        points: Encoded points, (n, d).
        values: (n,).

    Returns:
        The process.
    """
    mean, scale = float(values.mean()), float(values.std()) or 1.0
    standardised = (values - mean) / scale
    root = math.sqrt(points.shape[1])
    return max(
        (
            _condition(points, standardised, length * root, noise, mean, scale)
            for length, noise in product(LENGTHS, NOISES)
        ),
        key=lambda process: process.likelihood,
    )


def _condition(points: Array, values: Array, length: float, noise: float, mean: float, scale: float) -> GaussianProcess:
    covariance = matern(points, points, length) + noise * np.eye(len(points))
    factor: Array = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    weights: Array = np.asarray(np.linalg.solve(covariance, values), dtype=np.float64)
    likelihood = float(-0.5 * values @ weights - np.log(np.diag(factor)).sum())
    return GaussianProcess(points, length, factor, weights, mean, scale, likelihood)


def matern(one: Array, other: Array, length: float) -> Array:
    """Computes the Matern kernel of smoothness 5/2 between points.

    Args:
        one: Points (n, d).
        other: Points (m, d).
        length: Length scale.

    Returns:
        The kernel (n, m), 1 where points are equal.
    """
    distance = math.sqrt(5) * np.sqrt(((one[:, None] - other[None]) ** 2).sum(axis=-1)) / length
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def improvement(means: Array, deviations: Array, best: float) -> Array:
    """Returns the expected improvement of normal values over the best one, at least a tiny number.

    Args:
        means: Means of the values.
        deviations: Their standard deviations, above 0.
        best: The best value so far.
    """
    z = (means - best) / deviations
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z])
    expected: Array = np.maximum(deviations * (z * below + density), 1e-300)
    return expected
