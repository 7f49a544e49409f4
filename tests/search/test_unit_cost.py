"""What the unit costs, by the finished runs of an experiment."""

from __future__ import annotations

from mgu.search.costs import cost_of
from mgu.search.unit_cost import unit_seconds
from tests.conftest import Configure
from tests.examples import example_unit


def test_variants_of_a_unit_add_up_and_seeds_of_one_are_averaged(configure: Configure) -> None:
    start = configure("layout=digits_2", "mgu=reference")
    other = configure("layout=digits_2", "mgu=reference", "optimizer.lr=0.001")
    found = [
        example_unit(
            "unit", seed=seed, train_s=train_s, dataset=start.dataset.label, split=start.dataset.split,
            config=config.model_dump(mode="json") | {"seed": seed},
        )
        for seed, train_s, config in ((0, 100.0, start), (1, 300.0, start), (0, 50.0, other))
    ]  # fmt: skip
    costs = [cost_of(result).seconds for result in found]
    assert unit_seconds(found, start) == (costs[0] + costs[1]) / 2 + costs[2]
    assert unit_seconds([], start) is None
    for result in found[:2]:  # which were trained by another run before, at a cost that is not known
        result.config["training"]["start_sha256"] = "a" * 64
    assert unit_seconds(found, start) == costs[2] and unit_seconds(found[:2], start) is None
