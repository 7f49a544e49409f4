"""Sequences: the adding problem is what it is defined as, and images are read pixel by pixel."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from mgu.config.datasets import AddingConfig, NamedImagesConfig
from mgu.data.adding.adding import MarkedSequences, draw_splits
from mgu.data.images.dataset import ImageDataset
from mgu.data.images.sequences import PixelSequences
from mgu.errors import UserError
from mgu.factory.engine import check_engine
from mgu.factory.model import build_model
from mgu.factory.resolved_run import resolve
from tests.conftest import Configure


def adding(**changes: Any) -> AddingConfig:
    values = {"name": "adding", "length": 11, "num_train": 3000, "num_val": 40, "num_test": 50, "draw_seed": 7}
    return AddingConfig.model_validate(values | {"split": "holdout"} | changes)


def digits(sequence: int, permuted: bool = False) -> Any:
    values = {"name": "digits", "root": "", "split": "holdout", "image_shape": [1, 8, 8], "num_classes": 10}
    return ImageDataset(NamedImagesConfig.model_validate(values | {"sequence": sequence, "permuted": permuted}))


def test_the_adding_problem() -> None:
    splits = draw_splits(adding())
    inputs, sums = splits.train.batch(torch.arange(3000))
    assert [len(part) for part in (splits.train, splits.val, splits.test) if part] == [3000, 40, 50]
    numbers, marks = inputs.unbind(dim=2)
    assert inputs.shape == (3000, 11, 2) and numbers.min() >= 0 and numbers.max() < 1
    assert torch.equal(marks[:, :5].sum(dim=1), torch.ones(3000)) and torch.equal(
        marks.sum(dim=1), 2 * torch.ones(3000)
    )
    assert (marks.sum(dim=0) > 0).all()  # every step is marked at times
    torch.testing.assert_close((numbers * marks).sum(dim=1), sums)
    assert (sums - 1).square().mean() == pytest.approx(1 / 6, rel=0.05)  # the error of guessing 1


def test_sequences_are_drawn_by_their_own_seed() -> None:
    first, again, other, longer = (
        draw_splits(adding(**changes)).train for changes in ({}, {}, {"draw_seed": 8}, {"num_train": 3500})
    )
    assert all(isinstance(part, MarkedSequences) for part in (first, again, other, longer))
    one, two, three, four = (part.batch(slice(0, 3000))[0] for part in (first, again, other, longer))
    assert torch.equal(one, two) and torch.equal(one, four) and not torch.equal(one, three)
    assert not torch.equal(draw_splits(adding()).val.batch(slice(0, 40))[0], one[:40])
    subset = first.subset(torch.tensor([2, 0]))
    assert torch.equal(subset.batch(slice(None))[0], one[[2, 0]])


@pytest.mark.parametrize(("sequence", "pooled"), [(64, 1), (16, 2)])
def test_images_are_read_row_by_row(sequence: int, pooled: int) -> None:
    dataset = digits(sequence)
    data = dataset.splits.train
    assert isinstance(data, PixelSequences) and dataset.shapes.inputs == (sequence, 1)
    inputs, labels = data.batch(torch.tensor([5, 3]))
    images = F.avg_pool2d(data.raw(torch.tensor([5, 3])) / 16, pooled)
    assert torch.equal(inputs, images.view(2, sequence, 1)) and torch.equal(labels, data.labels[[5, 3]])
    assert torch.equal(data.subset(torch.tensor([5, 3])).batch(slice(None))[0], inputs)


def test_a_permutation_is_one_for_all() -> None:
    plain, permuted = (digits(64, permuted).splits for permuted in (False, True))
    for part in ("train", "val", "test"):
        rows, mixed = (getattr(splits, part).batch(slice(0, 9))[0] for splits in (plain, permuted))
        order = permuted.train.preprocessing.order
        assert torch.equal(mixed, rows[:, order]) and sorted(order.tolist()) == list(range(64))
        assert not torch.equal(mixed, rows)


REFUSED = {
    "dataset=digits layout=recurrent_relu": "dataset.sequence must be set",
    "dataset=digits dataset.sequence=65": "sequence must be 64, 16, 4, 1 or null",
    "dataset=digits dataset.permuted=true": "permuted must be false",
    "dataset=digits dataset.sequence=64": "dataset.sequence must be null for layout=digits_3",
    "dataset=digits dataset.sequence=64 layout=recurrent_relu augment=mixup": "augment must be none",
    "dataset=digits dataset.sequence=64 layout=recurrent_relu mgu=reference": "mgu.gate must be channel or scalar",
    "dataset=digits dataset.sequence=64 layout=recurrent_relu residual=with": "residual must be without",
    "dataset=adding": "layout must be a recurrent or a dense one",
    "dataset=adding layout=recurrent_lstm layout.start=identity": "start must be uniform",
    "dataset=adding dataset.length=100000": "length times the number of sequences",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_go_together_is_refused_in_one_line(words: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=REFUSED[words]) as refused:
        configure(*words.split())
    assert "\n" not in str(refused.value) and "ass " in str(refused.value)


@pytest.mark.parametrize("layout", ["recurrent_relu", "recurrent_irnn", "recurrent_tanh", "recurrent_lstm"])
def test_every_block_of_a_recurrent_layout_computes(layout: str, configure: Configure) -> None:
    norms = ("bn_pre", "bn_post", "ln", "no_norm")
    for choice in (*(f"norm={norm} residual=with" for norm in norms), "mgu=lean", "mgu=highway mgu.gate=channel"):
        words = choice.split() + ["mgu.bypass=padded"] * choice.startswith("mgu=highway")
        config = configure("dataset=digits", "dataset.sequence=16", f"layout={layout}", "layout.depth=2", *words)
        model = build_model(resolve(config))
        assert model(torch.rand(3, 16, 1)).shape == (3, 10)


def test_identities_of_images_stay_and_those_of_sequences_differ(configure: Configure) -> None:
    words = ("dataset=digits", "layout=dense_2")
    found = {configure(*words, *more).identity for more in ([], ["dataset.sequence=64"], ["dataset.sequence=16"])}
    assert len(found) == 3
    assert configure(*words, "dataset.sequence=16", "dataset.permuted=true").dataset.label == "digits 16 steps permuted"


@pytest.mark.parametrize("engine", ["native", "compiled"])
def test_recurrent_layers_have_one_engine(engine: str, configure: Configure) -> None:
    config = configure("dataset=adding", "layout=recurrent_tanh", "norm=no_norm", f"engine={engine}")
    with pytest.raises(UserError, match="engine must be auto or eager for recurrent layers"):
        check_engine(resolve(config))
