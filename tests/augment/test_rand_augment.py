"""RandAugment: torchvision's operations and strengths, drawn for each image."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torchvision.transforms import v2

from mgu.augment.rand_augment import OPERATIONS, RandAugment

NAMES = {"colour": "Color", "posterise": "Posterize", "solarise": "Solarize", "autocontrast": "AutoContrast"}
NAMES |= {"equalise": "Equalize"}


def by_torchvision(image: torch.Tensor, name: str, magnitude: int, is_negative: bool) -> torch.Tensor:
    """What its class computes with these draws."""
    theirs: Any = v2.RandAugment(magnitude=magnitude)
    name = NAMES.get(name) or "".join(part.capitalize() for part in name.split("_"))
    strengths, is_signed = theirs._AUGMENTATION_SPACE[name]
    found = strengths(31, *image.shape[-2:])
    strength = 0.0 if found is None else float(found[magnitude])
    sign = -1 if is_signed and is_negative else 1
    changed: torch.Tensor = theirs._apply_image_or_video_transform(
        image, name, sign * strength, "nearest", theirs._fill
    )
    return changed


def test_the_operations_are_those_of_torchvision() -> None:
    theirs: Any = v2.RandAugment
    ours = [NAMES.get(name) or "".join(part.capitalize() for part in name.split("_")) for name in OPERATIONS]
    assert ours == list(theirs._AUGMENTATION_SPACE)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("magnitude", [0, 9, 20, 30])
def test_a_batch_is_what_torchvision_computes_image_by_image(channels: int, magnitude: int) -> None:
    count = 4 * len(OPERATIONS)
    images = torch.rand(count, 24, 20, channels).permute(0, 3, 1, 2)
    chosen, is_negative = torch.arange(count) % len(OPERATIONS), torch.arange(count) >= count // 2
    changed = RandAugment(1, magnitude).apply(images, chosen, is_negative)
    for image, own, number, negative in zip(images, changed, chosen.tolist(), is_negative.tolist(), strict=True):
        expected = by_torchvision(image, OPERATIONS[number], magnitude, negative)
        torch.testing.assert_close(own, expected, rtol=0, atol=1e-5, msg=OPERATIONS[number])
        assert not torch.equal(own, image) or number == 0 or magnitude == 0 or channels == 1


def test_images_of_a_batch_are_changed_differently() -> None:
    images = torch.rand(1, 3, 16, 16).expand(64, -1, -1, -1)
    changed = RandAugment(2, 15)(images, torch.Generator().manual_seed(0))
    assert len(changed.flatten(1).unique(dim=0)) > 50 and changed.min() >= 0 and changed.max() <= 1


def test_every_operation_and_sign_is_drawn_alike() -> None:
    drawn: list[torch.Tensor] = []

    class Recording(RandAugment):
        def apply(self, images: torch.Tensor, chosen: torch.Tensor, is_negative: torch.Tensor) -> torch.Tensor:
            drawn.append(torch.stack([chosen, is_negative.long()]))
            return images

    Recording(3, 9)(torch.zeros(14_000, 1, 1, 1), torch.Generator().manual_seed(0))
    assert len(drawn) == 3
    for chosen, is_negative in drawn:
        counts = chosen.bincount()
        assert len(counts) == len(OPERATIONS) and counts.min() > 850 and counts.max() < 1150
        assert 0.48 < is_negative.float().mean() < 0.52
