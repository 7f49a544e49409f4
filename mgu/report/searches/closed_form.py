"""What a search in random order finds in expectation, over all orders and recorded seeds: no search is simulated."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from mgu.report.ranking.grid import grid_rows
from mgu.report.ranking.rank import Table
from mgu.report.searches.unit_cost import run_cost
from mgu.report.stats.random_order import win_probabilities
from mgu.results.schema.result import Result
from mgu.search.clock import Clock

STEPS = 1000  # of the cost of all points, to which costs are rounded
MOST_POINTS = 200  # the time of the closed form grows with the square of their number


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


class RecordedPoints(NamedTuple):
    """Holds the points of a grid by recorded seed.

    Attributes:
        vals: With validation scores.
        tests: With test scores; empty where one of them is not known.
    """

    vals: Mapping[int, Sequence[Tried]]
    tests: Mapping[int, Sequence[Tried]]


def recorded_points(table: Table, chosen: Collection[str], clock: Clock) -> RecordedPoints | None:
    """Collects the points of the grid that a search in random order may try, see `grid_rows`.

    Args:
        table: A ranked table.
        chosen: Names of the folders of the runs that searches chose by what they found.
        clock: By which costs are counted.

    Returns:
        The points; None where the models share no seed, are too many, or a cost is missing.
    """
    rows = grid_rows(table, chosen)
    results_of_rows = [
        {r.seed: r for r in row.results if r.seconds and not r.replicate.folds and _value(r, table) is not None}
        for row in rows
    ]
    seeds = set.intersection(*map(set, results_of_rows)) if results_of_rows else set()
    # Partial ones were not charged for all of their training.
    if any(row.cost.is_partial for row in rows) or not seeds or len(rows) > MOST_POINTS:
        return None
    vals: dict[int, list[Tried]] = {}
    tests: dict[int, list[Tried]] = {}
    for seed in sorted(seeds):
        for results in results_of_rows:
            result = results[seed]
            val, cost = _value(result, table), run_cost(result, clock)
            if cost is None:
                return None
            assert val is not None
            score = val if table.score.higher_is_better else -val
            vals.setdefault(seed, []).append(Tried(cost, score, val))
            if result.test and (test := result.test.of(table.score)) is not None:
                tests.setdefault(seed, []).append(Tried(cost, score, test))
    has_tests = tests.keys() == vals.keys() and all(len(tests[seed]) == len(vals[seed]) for seed in vals)
    return RecordedPoints(vals, tests if has_tests else {})


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


def _value(result: Result, table: Table) -> float | None:
    """Returns the validation metric that a table is ranked by; None of a run that failed or has none."""
    value = result.val.of(table.score) if result.val and result.status != "failed" else None
    return value if value is not None and math.isfinite(value) else None


def _expected(points: Sequence[Tried], amount: float, before: float) -> float:
    step = sum(point.cost for point in points) / STEPS
    costs = [max(1, round(point.cost / step)) for point in points]
    shares = win_probabilities(costs, [point.score for point in points])
    budget = min(int(amount / step + 1e-9), shares.shape[1] - 1)
    values = [point.value for point in points]
    return float(sum(value * share for value, share in zip([*values, before], shares[:, budget], strict=True)))
