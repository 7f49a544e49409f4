"""What the unit costs, by the finished runs of an experiment."""

from __future__ import annotations

from typing import Any

from mgu.config.python import PythonDatasetConfig
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


def test_units_that_are_trials_of_searches_are_no_cost_of_the_unit(configure: Configure) -> None:
    """A model of which a search trained one run and the user another is the user's, with the mean of both."""
    start = configure("layout=digits_2", "mgu=reference")
    tried = configure("layout=digits_2", "mgu=reference", "optimizer.lr=0.001")
    found = [
        example_unit(
            f"unit-{name}", identity=f"{name}{seed}", seed=seed, train_s=train_s, dataset=start.dataset.label,
            split=start.dataset.split, config=config.model_dump(mode="json") | {"seed": seed},
        )
        for name, seed, train_s, config in (("a", 0, 100.0, start), ("a", 7, 300.0, start), ("b", 7, 50.0, tried))
    ]  # fmt: skip
    costs = [cost_of(result).seconds for result in found]
    searched = {found[1].folder_name, found[2].folder_name}
    assert unit_seconds(found, start, searched) == (costs[0] + costs[1]) / 2
    assert unit_seconds(found[1:], start, searched) is None


def test_units_on_other_rows_of_a_function_are_left_out(configure: Configure) -> None:
    start = configure("layout=digits_2", "mgu=reference")
    dataset = PythonDatasetConfig(
        name="python", target="my:load", options={}, folder=None, sha256="a" * 64, task="classification", split="paper",
        input_shape=[3], num_classes=2, fingerprint="90 0.125",
    )  # fmt: skip
    asked = start.model_copy(update={"dataset": dataset})
    found: list[Any] = []
    for fingerprint in ("90 0.125", "90 -0.75"):
        values = asked.model_dump(mode="json")
        values["dataset"]["fingerprint"] = fingerprint
        known = {"dataset": dataset.label, "split": "paper", "config": values}
        found.append(example_unit(fingerprint, train_s=100.0 + len(found), **known))
    assert unit_seconds(found, asked) == cost_of(found[0]).seconds and unit_seconds(found[1:], asked) is None
