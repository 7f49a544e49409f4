"""Statistics of batch norms that are computed anew before an evaluation."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mgu.data.images.images import Images
from mgu.factory.learner import build_fit_settings, build_learner
from mgu.factory.resolved_run import resolve
from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.layers.switchable import SwitchableNorm
from mgu.train.loop import fit
from mgu.train.precise_batch_norm import PreciseBatchNorm
from mgu.unit.unit import MultiGatedUnit
from tests.conftest import Configure


def images(count: int = 70) -> Images:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (count, 3, 4, 4), dtype=torch.uint8, generator=generator)
    return Images(pixels, torch.arange(count) % 3)


def all_inputs(data: Images) -> Tensor:
    return data.batch(slice(0, len(data)))[0]


@pytest.mark.parametrize("norm", [BatchNorm(3), SwitchableNorm(3, -3), nn.BatchNorm2d(3, momentum=None)])
def test_over_all_examples_it_is_their_mean_and_variance(norm: Any) -> None:
    data = images()
    x = all_inputs(data)
    var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    if isinstance(norm, nn.BatchNorm2d):  # torch's running variances are the unbiased ones of batches of 14
        var = var * (14 * 16) / (14 * 16 - 1)
    before = copy.deepcopy(norm.state_dict())
    address, momentum = norm.running_mean.data_ptr(), norm.momentum
    with PreciseBatchNorm(norm, data, 1000, 16).in_place():
        torch.testing.assert_close(norm.running_mean, mean)
        torch.testing.assert_close(norm.running_var, var, rtol=1e-3, atol=1e-4)
        assert not norm.training and norm.momentum is momentum and norm.running_mean.data_ptr() == address
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_the_examples_are_drawn_once_and_as_many_as_asked_for() -> None:
    data = images()
    one, other = (PreciseBatchNorm(BatchNorm(3), data, 20, 8) for _ in range(2))
    drawn = torch.cat(list(one.batches))
    assert len(drawn.unique()) == 20 and torch.equal(drawn, torch.cat(list(other.batches)))
    assert not torch.equal(drawn.sort().values, torch.arange(20))  # files lie in the order of their classes


def test_dropout_adds_nothing_to_the_variance() -> None:
    data = images()
    model = nn.Sequential(nn.Dropout(0.5), BatchNorm(3)).train()
    with PreciseBatchNorm(model, data, 70, 16).in_place():
        var = torch.var(all_inputs(data), (0, 2, 3), correction=0)
        torch.testing.assert_close(model[1].running_var, var)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Block(nn.Conv2d(3, 8, 3), "bn_pre", residual=True),
        lambda: Block(nn.Conv2d(3, 8, 3), "bn_post"),
        lambda: MultiGatedUnit(nn.Conv2d(3, 8, 3)),
        lambda: MultiGatedUnit(nn.Conv2d(3, 8, 3), gate="channel", bypass="padded", wiring="equations"),
    ],
)
def test_all_engines_compute_the_same_and_train_on_as_before(build: type[nn.Module]) -> None:
    torch.manual_seed(0)
    native, data = build(), images()
    eager: Any = copy.deepcopy(native)
    eager.engine = "eager"
    x = all_inputs(data)[:9]
    found: list[tuple[Any, ...]] = []
    for model in (native, eager):
        model.train()
        model(x)
        with torch.no_grad(), PreciseBatchNorm(model, data, 50, 16).in_place():
            found.append((copy.deepcopy(model.state_dict()), model(x)))
        model.train()
        model(x)  # takes one more batch into what the first left, at the norm's own momentum
        found[-1] += (model.state_dict(),)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_what_batches_draw_changes_neither_training_nor_the_statistics() -> None:
    class Drawing(Images):
        def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
            inputs, targets = super().batch(index)
            return inputs + torch.rand_like(inputs), targets

    norm, data = BatchNorm(3), images()
    precise, found = PreciseBatchNorm(norm, Drawing(data.pixels, data.labels), 70, 16), []
    before = torch.get_rng_state()
    for _ in range(2):
        with precise.in_place():
            found.append(norm.running_mean.clone())
    assert torch.equal(*found) and torch.equal(torch.get_rng_state(), before)


def test_networks_without_such_norms_compute_nothing() -> None:
    class Watched(Images):
        def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
            raise AssertionError

    data = images()
    with PreciseBatchNorm(Block(nn.Conv2d(3, 8, 3), "ln"), Watched(data.pixels, data.labels), 50, 16).in_place():
        pass


@pytest.mark.parametrize("words", ["", "training.ema=0.9"])
def test_the_best_weights_are_kept_with_their_statistics(words: str, configure: Configure) -> None:
    config = configure("layout=digits_2", "norm=bn_pre", "training.precise_bn=300", "training.epochs=2", *words.split())
    resolved = resolve(config)
    learner, splits = build_learner(resolved), resolved.splits
    outcome = fit(learner, splits, build_fit_settings(config), shuffle=torch.Generator().manual_seed(0))
    best = outcome.best_weights
    assert best is not None and learner.precise is not None
    names = [name for name in best if "running" in name]
    after_training = learner.model.state_dict()
    assert names and not any(torch.equal(best[name], after_training[name]) for name in names)
    learner.model.load_state_dict(best)
    with learner.precise.in_place():
        again = learner.model.state_dict()
        for name in names:
            torch.testing.assert_close(again[name], best[name])
