"""From pixels as they are in files to inputs of a network: the same arithmetic in training and in exported graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scale_pixels(pixels: Tensor, pixel_max: float) -> Tensor:
    """Returns pixels (B, *), uint8 in 0..pixel_max, as floats in 0..1."""
    return pixels.to(torch.float32, copy=True).div_(pixel_max)


class PixelScaling(nn.Module):
    """Scales pixels to 0..1.

    Args:
        pixel_max: The value of white.

    Shape:
        pixels: (B, C, H, W) as uint8; returns the same shape as float32.
    """

    def __init__(self, pixel_max: float) -> None:
        super().__init__()
        self.pixel_max = pixel_max

    def forward(self, pixels: Tensor) -> Tensor:
        return scale_pixels(pixels, self.pixel_max)
