"""The 14 operations of RandAugment, with torchvision's strengths (torchvision.transforms.v2.RandAugment)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torchvision.transforms.v2 import functional as v2

STRONGEST = 30  # magnitudes go from 0 to here, in 31 steps as in the paper
LONGEST = 150 / 331  # of a side: the largest translation in the search space of AutoAugment


@dataclass(frozen=True)
class Operation:
    """Describes one operation.

    Attributes:
        apply: Applies it to images (B, C, H, W) by a strength.
        strength: Computes the strength from the share of the largest magnitude, in 0..1.
        is_signed: Whether the strength is negative for half of the images.
    """

    apply: Callable[[Tensor, float], Tensor]
    strength: Callable[[float], float] = lambda share: 0.0
    is_signed: bool = False


def _affine(images: Tensor, **change: Any) -> Tensor:
    changed: Tensor = v2.affine(
        images, **({"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0]} | change)
    )
    return changed


def _shear(images: Tensor, x: float = 0.0, y: float = 0.0) -> Tensor:
    """Shears from the upper left corner by pixels per pixel; torchvision wants an angle."""
    return _affine(images, shear=[math.degrees(math.atan(x)), math.degrees(math.atan(y))], center=[0, 0])


def _translate(images: Tensor, x: float = 0.0, y: float = 0.0) -> Tensor:
    """Moves images by shares of their width and height, in whole pixels."""
    height, width = images.shape[-2:]
    return _affine(images, translate=[int(x * width), int(y * height)])


def _signed(apply: Callable[[Tensor, float], Tensor], largest: float) -> Operation:
    return Operation(apply, lambda share: largest * share, is_signed=True)


OPERATIONS = {
    "identity": Operation(lambda images, strength: images),
    "shear_x": _signed(lambda images, strength: _shear(images, x=strength), 0.3),
    "shear_y": _signed(lambda images, strength: _shear(images, y=strength), 0.3),
    "translate_x": _signed(lambda images, strength: _translate(images, x=strength), LONGEST),
    "translate_y": _signed(lambda images, strength: _translate(images, y=strength), LONGEST),
    "rotate": _signed(v2.rotate, 30.0),
    "brightness": _signed(lambda images, strength: v2.adjust_brightness(images, 1 + strength), 0.9),
    "colour": _signed(lambda images, strength: v2.adjust_saturation(images, 1 + strength), 0.9),
    "contrast": _signed(lambda images, strength: v2.adjust_contrast(images, 1 + strength), 0.9),
    "sharpness": _signed(lambda images, strength: v2.adjust_sharpness(images, 1 + strength), 0.9),
    "posterise": Operation(lambda images, bits: v2.posterize(images, int(bits)), lambda share: 8 - round(4 * share)),
    "solarise": Operation(v2.solarize, lambda share: 1 - share),
    "autocontrast": Operation(lambda images, strength: v2.autocontrast(images)),
    "equalise": Operation(lambda images, strength: v2.equalize(images)),
}
