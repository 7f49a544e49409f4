"""Changes of colours in RandAugment, by torchvision's functions and with its strengths."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as v2


def _blend(images: Tensor, shares: Tensor, adjust: Callable[[Tensor, float], Tensor]) -> Tensor:
    """Blends each image by a factor of its own with what torchvision's function makes of it by the factor 0."""
    factors = (1 + 0.9 * shares).to(images).view(-1, 1, 1, 1)
    return torch.lerp(adjust(images, 0.0), images, factors).clamp_(0, 1)


def _posterise(images: Tensor, shares: Tensor) -> Tensor:
    posterised: Tensor = v2.posterize(images, 8 - round(4 * abs(shares[0].item())))
    return posterised


def _solarise(images: Tensor, shares: Tensor) -> Tensor:
    solarised: Tensor = v2.solarize(images, 1 - abs(shares[0].item()))
    return solarised


# From images (B, C, H, W) in 0..1 and the share of the largest strength, in -1..1, of each (B,), on the CPU. The last
# four have no sign, and the same strength for all images.
COLOURS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": partial(_blend, adjust=v2.adjust_brightness),
    "colour": partial(_blend, adjust=v2.adjust_saturation),
    "contrast": partial(_blend, adjust=v2.adjust_contrast),
    "sharpness": partial(_blend, adjust=v2.adjust_sharpness),
    "posterise": _posterise,
    "solarise": _solarise,
    "autocontrast": lambda images, shares: v2.autocontrast(images),
    "equalise": lambda images, shares: v2.equalize(images),
}
