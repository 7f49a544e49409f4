"""Images in memory: the type that every set of images is loaded into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from mgu.data.images.preprocessing import PixelScaling, scale_pixels
from mgu.data.take import take


@dataclass(frozen=True)
class Images:
    """Holds raw pixels and labels.

    Attributes:
        pixels: (N, C, H, W) as uint8 in 0..pixel_max.
        labels: (N,) as int64.
        pixel_max: The value of white.
    """

    pixels: Tensor
    labels: Tensor
    pixel_max: float = 255.0

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.labels.device

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs (B, C, H, W) as floats in 0..1 and targets (B,) of the images at `index`."""
        rows = self.pixels.permute(0, 2, 3, 1)  # (N, H, W, C): channels last, one channel or many
        return scale_pixels(take(rows, index), self.pixel_max).permute(0, 3, 1, 2), take(self.labels, index)

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the pixels (B, C, H, W) of the images at `index` as they are in the files."""
        return self.pixels[index]

    @property
    def preprocessing(self) -> PixelScaling:
        """The module from `raw` images to the inputs that `batch` returns for them."""
        return PixelScaling(self.pixel_max)

    def to(self, device: torch.device) -> Self:
        """Returns the images on the device, channels last in memory, as batches are."""
        pixels = self.pixels.to(device, memory_format=torch.channels_last)
        return replace(self, pixels=pixels, labels=self.labels.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the images at `index`."""
        return replace(self, pixels=self.pixels[index], labels=self.labels[index])
