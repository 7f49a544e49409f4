"""The expected best-so-far of a grid search, against all orders counted one by one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from msgspec import structs

from mgu.report import Table, describe_costs
from mgu.report.stats import best_so_far
from mgu.report.stats.budget import obstacle
from mgu.report.stats.random_order import win_probabilities
from mgu.results.result import Metrics, Result
from tests.examples import example_result, example_unit, ranked


@pytest.mark.parametrize("seed", range(8))
def test_the_budget_curve_is_that_of_all_orders(seed: int) -> None:
    random = np.random.default_rng(seed)
    costs = [int(cost) for cost in random.integers(1, 7, size=5)]
    scores = [float(score) for score in random.integers(0, 4, size=5)]  # with ties
    counts = np.zeros((6, sum(costs) + 1))
    orders = list(permutations(range(5)))
    for order in orders:
        for spent in range(sum(costs) + 1):
            over = [k for place, k in enumerate(order) if sum(costs[i] for i in order[: place + 1]) <= spent]
            counts[max(over, key=lambda k: (scores[k], -k)) if over else 5, spent] += 1
    np.testing.assert_allclose(win_probabilities(costs, scores), counts / len(orders), atol=1e-12)


def one_search(*accuracies: float, unit: float, unit_s: float) -> Table:
    results = [example_result(f"b{i}", val_accuracy=a, train_s=100.0) for i, a in enumerate(accuracies)]
    return ranked([*results, example_unit(val_accuracy=unit, train_s=unit_s)])[0]


def test_where_the_unit_pays() -> None:
    """Equal costs: after k of four models in random order the best of them is the mean of maxima of k draws."""
    own = best_so_far(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=250.0))
    assert own
    assert own.expected[own.at_unit] == pytest.approx((0.7 + 2 * 0.8 + 3 * 0.9) / 6, abs=1e-9)  # two are over
    assert own.low[own.at_unit] == 0.7 and own.high[own.at_unit] == 0.9
    assert own.expected[0] == 0 and own.expected[-1] == pytest.approx(0.9)
    assert (
        own.reached_s == pytest.approx(300.0, rel=2e-3)
        and "1.2x the unit's time: the unit is worth its cost here" in own.sentence
    )
    dear = best_so_far(one_search(0.6, 0.7, 0.8, 0.9, unit=0.85, unit_s=350.0))
    assert dear and "0.86x the unit's time: the unit is not worth its cost here" in dear.sentence
    best = best_so_far(one_search(0.6, 0.7, unit=0.85, unit_s=350.0))
    assert best and best.reached_s is None and "is not expected to reach the unit" in best.sentence


def test_the_curve_is_of_seeds_that_all_baselines_have() -> None:
    """A seed of which a model was not trained has no grid to search."""
    results = [example_result(f"a-s{seed}", seed=seed, val_accuracy=0.6) for seed in range(3)]
    results += [example_result("b-s0", val_accuracy=0.9), example_unit(val_accuracy=0.5)]
    own = best_so_far(ranked(results)[0])
    assert own and own.expected[-1] == pytest.approx(0.9)
    other = [example_result("b-s7", seed=7, val_accuracy=0.9)]
    assert obstacle(ranked([*results[:3], *other, results[-1]])[0]) == "the baselines share no seed"


def test_of_equal_models_either_may_be_kept() -> None:
    def scored(name: str, val: float, test: float) -> Result:
        metrics = [Metrics(loss=0.1, accuracy=accuracy, precision=0.9, recall=0.9) for accuracy in (val, test)]
        return structs.replace(example_result(name, split="holdout"), val=metrics[0], test=metrics[1])

    unit = structs.replace(scored("unit", 0.5, 0.5), model="unit", norm=None, residual=None)
    own = best_so_far(ranked([scored("a", 0.9, 0.7), scored("b", 0.9, 0.9), unit])[0])
    assert own and own.expected[-1] == pytest.approx(0.8)


def test_no_curve_from_times_that_were_disturbed() -> None:
    starved = example_unit()
    starved = structs.replace(starved, energy=structs.replace(starved.energy, cpu_seconds=5.0))
    table = ranked([example_result(), starved])[0]
    assert best_so_far(table) is None and "other work" in str(obstacle(table))
    assert "time cannot be compared (other work used the machine during 1 of 2 runs)" in "\n".join(
        describe_costs(table)
    )
    assert best_so_far(ranked([example_result(contended=True), example_unit()])[0]) is None
    assert best_so_far(ranked([example_result(), example_unit(resumed=1)])[0]) is None
