"""Augmentation of runs: what is refused, what is said, who is augmented, and by which draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mgu.augment.data import AugmentedData
from mgu.augment.pipeline import build_augment
from mgu.data.images.images import Images
from mgu.errors import UserError
from mgu.factory.advice import advise
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.learner import build_learner, build_step_wrapper
from mgu.factory.resolved_run import resolve
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.step import Step
from tests.conftest import Configure

KINDS = ["flip_crop", "randaugment", "mixup"]


def some_images(count: int = 12) -> Images:
    pixels = torch.randint(256, (count, 8, 8, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    return Images(pixels, torch.arange(count) % 10)


@pytest.mark.parametrize("kind", KINDS)
def test_batches_have_the_form_of_plain_ones_and_new_draws(kind: str, configure: Configure) -> None:
    config = configure(f"augment={kind}")
    assert config.augment
    images, index = some_images(), torch.arange(12)
    data = AugmentedData(images, build_augment(config.augment, 0, 10))
    (plain, labels), (first, targets), (second, _) = images.batch(index), data.batch(index), data.batch(index)
    assert first.shape == plain.shape and first.dtype == plain.dtype and first.stride() == plain.stride()
    assert not torch.equal(first, second) and not torch.equal(first, plain)
    assert len(data) == 12 and len(data.subset(index[:3])) == 3
    assert torch.equal(targets, labels) if kind != "mixup" else targets.shape == (12, 10)
    assert torch.equal(images.batch(index)[0], plain)  # the pixels in memory are as they were


def test_draws_are_those_of_the_seed(configure: Configure) -> None:
    config = configure("augment=flip_crop")
    assert config.augment
    same, again, other = (build_augment(config.augment, seed, 10).generator.get_state() for seed in (5, 5, 6))
    assert torch.equal(same, again) and not torch.equal(same, other)
    assert not any(torch.equal(same, torch.Generator().manual_seed(seed).get_state()) for seed in (5, 6))  # shuffling's


def test_identities_are_those_of_before_without_it(configure: Configure) -> None:
    assert configure().identity == configure("augment=none").identity
    words = [[f"augment={kind}"] for kind in KINDS] + [["augment=mixup", "augment.alpha=0.2"]]
    assert len({configure(*each).identity for each in words} | {configure().identity}) == 5


def test_only_training_is_augmented(configure: Configure) -> None:
    resolved = resolve(configure("augment=flip_crop"))
    augment = build_augment_for(resolved)
    data = augment_training(resolved.splits.train, augment)
    assert isinstance(data, AugmentedData) and data.augment is augment
    assert build_augment_for(resolve(configure())) is None
    assert augment_training(resolved.splits.val, None) is resolved.splits.val


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("dataset=adult layout=dense_2 augment=flip_crop", "augment must be none for dataset=adult"),
        ("step=graph augment=mixup", "step must be auto or eager with augment=mixup"),
        ("augment=mixup augment.alpha=0", "augment.alpha must be greater than or equal to 0.01, but got 0"),
        ("augment=randaugment augment.magnitude=31", "augment.magnitude must be less than or equal to 30"),
        ("augment=flip_crop augment.padding=4", "augment.padding must be less than or equal to 0.5, but got 4"),
        ("augment=flip_crop augment.name=crop", "augment.name must be flip_crop, randaugment or mixup, but got 'crop'"),
        ("augment=flip_crop +augment.alpha=1", "augment.alpha must go with augment=mixup"),
        (
            "dataset.image_shape=[4,8,8] augment=randaugment",
            "augment must be none, flip_crop or mixup for images of 4 channels",
        ),
    ],
)
def test_what_cannot_be_is_refused(words: str, message: str, configure: Configure) -> None:
    with pytest.raises(UserError) as refused:
        configure(*words.split())
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("words", "is_said"),
    [
        ("augment=flip_crop", True),
        ("dataset=mnist layout=mnist_2 augment=mixup", True),
        ("augment=flip_crop augment.flip=0", False),
        ("dataset=fashion_mnist layout=mnist_2 augment=flip_crop", False),
        ("dataset=cifar10 layout=cifar_7 augment=flip_crop", False),
    ],
)
def test_mirrored_digits_are_advised_against(words: str, is_said: bool, configure: Configure) -> None:
    messages = advise(configure(*words.split(), "norm=ln"), 60_000)
    assert any("Pass augment.flip=0." in message for message in messages) == is_said


def test_an_augmented_step_is_not_recorded(configure: Configure) -> None:
    """A graph would repeat the draws of the batch that it was recorded on."""
    config = configure("augment=flip_crop")
    learner = build_learner(resolve(config))
    optimizer = DeviceNAdam(learner.model.parameters(), 0.01, (0.9, 0.999), 1e-7, 0.004)
    step = Step(learner.model, some_images(), learner.task, optimizer)
    assert build_step_wrapper(config, optimizer)(step) is step


@pytest.mark.parametrize("kind", KINDS)
def test_images_of_cases_keep_their_kind(kind: str, configure: Configure, tmp_path: Path) -> None:
    """Any data whose inputs are images will do: here memory-mapped ones."""
    file = tmp_path / "pixels"
    file.write_bytes(bytes(range(192)) * 12)
    mapped = torch.from_file(str(file), size=192 * 12, dtype=torch.uint8).view(12, 8, 8, 3).permute(0, 3, 1, 2)
    images = replace(some_images(), pixels=mapped)
    config = configure(f"augment={kind}")
    assert config.augment
    inputs, _ = AugmentedData(images, build_augment(config.augment, 0, 10)).batch(torch.arange(12))
    assert inputs.shape == (12, 3, 8, 8) and file.read_bytes() == bytes(range(192)) * 12
