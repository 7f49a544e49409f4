"""The order of an epoch: shuffled, or with every class equally likely; the same after an interruption."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.utils.data import WeightedRandomSampler

from mgu.data.balance import build_classification
from mgu.data.datasets import open_dataset
from mgu.data.tables.rows import Rows
from mgu.prune.distill import TaughtData
from mgu.train.order import draw_order
from tests.conftest import Configure

CLASSES = torch.cat([torch.zeros(900), torch.ones(90), torch.full((10,), 3)]).long()  # and none of class 2


def generators() -> Iterator[torch.Generator]:
    while True:
        yield torch.Generator().manual_seed(3)


SAME = generators()


def rare_rows() -> Rows:
    return Rows(torch.zeros(len(CLASSES), 1), CLASSES)


def test_shuffled_is_the_permutation_that_it_always_was() -> None:
    assert torch.equal(draw_order(rare_rows(), "shuffled", next(SAME)), torch.randperm(1000, generator=next(SAME)))


def test_balanced_draws_as_the_sampler_of_torch() -> None:
    weights = [1 / int((label == CLASSES).sum()) for label in CLASSES]
    sampler = WeightedRandomSampler(weights, num_samples=1000, generator=next(SAME))
    assert draw_order(rare_rows(), "balanced", next(SAME)).tolist() == list(sampler)


def test_balanced_draws_every_class_that_occurs_equally_often() -> None:
    shuffle, data = next(SAME), rare_rows()
    drawn = torch.cat([CLASSES[draw_order(data, "balanced", shuffle)] for _ in range(20)])
    shares = drawn.bincount(minlength=4) / len(drawn)
    torch.testing.assert_close(shares, torch.tensor([1 / 3, 1 / 3, 0, 1 / 3]), atol=0.015, rtol=0)  # 4.5 deviations


def test_data_with_a_teacher_has_classes_to_balance() -> None:
    taught = TaughtData(rare_rows(), torch.zeros(1000, 4))
    orders = [draw_order(data, "balanced", next(SAME)) for data in (taught, rare_rows())]
    assert torch.equal(*orders)


@pytest.mark.parametrize("name", ["digits", "adult"])
def test_class_weights_count_training_examples(name: str, configure: Configure, request: pytest.FixtureRequest) -> None:
    if name == "adult":
        request.getfixturevalue("data_root")
    layout = "layout=dense_2"
    dataset = open_dataset(configure(f"dataset={name}", layout, "dataset.class_weights=balanced").dataset)
    task, labels = dataset.task, dataset.splits.train.labels  # type: ignore[attr-defined]
    weights = task.class_weights  # type: ignore[attr-defined]
    torch.testing.assert_close(weights[labels].mean(), torch.tensor(1.0))
    by_class = torch.zeros(len(weights)).scatter_add_(0, labels, weights[labels])
    torch.testing.assert_close(
        by_class, by_class.mean().expand_as(by_class), rtol=1e-3, atol=0
    )  # all classes count alike


def test_without_class_weights_no_example_is_read(configure: Configure) -> None:
    def read() -> None:
        raise AssertionError

    config = configure("dataset=mnist", "dataset.root=/nowhere", "layout=mnist_2").dataset
    assert build_classification(config, 10, read).class_weights is None  # type: ignore[arg-type]
