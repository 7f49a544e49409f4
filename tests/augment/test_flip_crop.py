"""Crops and flips: each image's own, and those that torchvision computes for one image."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.v2 import functional as v2

from mgu.augment.flip_crop import FlipCrop, crop


def numbered(count: int, side: int = 8) -> torch.Tensor:
    """Images no two pixels of which are equal, channels last in memory."""
    pixels = torch.arange(1, count * 3 * side * side + 1, dtype=torch.float32)
    return pixels.view(count, side, side, 3).permute(0, 3, 1, 2)


def test_an_epoch_is_what_torchvision_computes_image_by_image() -> None:
    generator, drawn = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    stage = FlipCrop(padding=0.25, flip=0.5)
    for images in numbered(50).split(16):
        tops, lefts = (torch.randint(5, (len(images),), generator=drawn) for _ in range(2))
        is_flipped = torch.rand(len(images), generator=drawn) < 0.5
        expected = []
        for image, top, left, flips in zip(images, tops.tolist(), lefts.tolist(), is_flipped.tolist(), strict=True):
            one = v2.crop(v2.pad(image, [2, 2, 2, 2]), top, left, 8, 8)
            expected.append(v2.horizontal_flip(one) if flips else one)
        assert torch.equal(stage(images, generator), torch.stack(expected))


def test_images_of_a_batch_are_changed_differently() -> None:
    images = numbered(1).expand(500, -1, -1, -1)
    changed = FlipCrop(padding=0.25, flip=0.5)(images, torch.Generator().manual_seed(0))
    assert len(changed.flatten(1).unique(dim=0)) == 50  # 5 x 5 windows, and their mirror images: all of them occur


def test_windows_of_images_that_are_not_square() -> None:
    images = torch.arange(24.0).view(1, 1, 4, 6)
    shifted = crop(images, (1, 2), torch.tensor([2]), torch.tensor([0]))
    assert torch.equal(shifted[0, 0, :3, 2:], images[0, 0, 1:, :4])
    assert not shifted[0, 0, 3].any() and not shifted[0, 0, :, :2].any()


@pytest.mark.parametrize(("padding", "flip"), [(0.0, 0.0), (0.0, 1.0)])
def test_what_is_switched_off_does_nothing(padding: float, flip: float) -> None:
    images = numbered(5)
    changed = FlipCrop(padding, flip)(images, torch.Generator())
    assert torch.equal(changed, images.flip(3) if flip else images)


@pytest.mark.parametrize(("share", "side", "pixels"), [(0.125, 32, 4), (0.125, 28, 4), (0.125, 8, 1), (0.01, 8, 0)])
def test_padding_is_a_share_of_the_side(share: float, side: int, pixels: int) -> None:
    white = torch.ones(400, 1, side, side)
    black = (FlipCrop(share, 0.0)(white, torch.Generator().manual_seed(0)) == 0).all(dim=3).sum(dim=2)
    assert black.max() == pixels
