"""What a search in random order finds in expectation, over all orders and recorded seeds: no search is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from mgu.report.stats.random_order import win_probabilities

STEPS = 1000  # of the cost of all points, to which costs are rounded


class Tried(NamedTuple):
    """Holds a recorded point.

    Attributes:
        cost: What it cost, in seconds or kilowatt-hours.
        score: Its validation score, larger is better.
        value: The score that is reported of it.
    """

    cost: float
    score: float
    value: float


def expected_best(by_seed: Mapping[int, Sequence[Tried]], amount: float, before: float) -> float:
    """Computes the expected value of the best point of a search in random order, see stats/random_order.py.

    Args:
        by_seed: All points by recorded seed.
        amount: What the search may spend.
        before: The value while no point has been tried to its end.

    Returns:
        The mean over seeds and orders.
    """
    return fmean(_expected(points, amount, before) for points in by_seed.values())


def _expected(points: Sequence[Tried], amount: float, before: float) -> float:
    step = sum(own.cost for own in points) / STEPS
    costs = [max(1, round(own.cost / step)) for own in points]
    shares = win_probabilities(costs, [own.score for own in points])
    place = min(int(amount / step + 1e-9), shares.shape[1] - 1)
    values = [own.value for own in points]
    return float(sum(value * share for value, share in zip([*values, before], shares[:, place], strict=True)))
