"""Images that are read as sequences: one pixel a step, or the mean of a square of pixels, maybe in a permuted order."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.config.datasets import NamedImagesConfig
from mgu.data.images.images import Images
from mgu.data.images.preprocessing import scale_pixels
from mgu.data.splits import Splits
from mgu.data.take import take
from mgu.results.on_disk.preprocessing import Pixels

PERMUTATION_SEED = 0  # of the one order in which all permuted sequences of a length are


class ToSequence(nn.Module):
    """Scales pixels to 0..1 and reads them row by row.

    Args:
        pixel_max: The value of white.
        pooled: Side of the squares of pixels that a step is the mean of; 1: a step is a pixel.
        order: The place in the image (T,) of each step; None: row by row.

    Shape:
        pixels: (B, C, H, W) as uint8; returns (B, T, C) as float32.
    """

    order: Tensor | None

    def __init__(self, pixel_max: float, pooled: int, order: Tensor | None) -> None:
        super().__init__()
        self.pixel_max, self.pooled = pixel_max, pooled
        self.register_buffer("order", order, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        images = scale_pixels(pixels, self.pixel_max)
        if self.pooled > 1:
            images = F.avg_pool2d(images, self.pooled)
        steps = images.flatten(2)  # (B, C, T)
        if self.order is not None:
            steps = steps.index_select(2, self.order)
        return steps.transpose(1, 2)  # (B, T, C)


@dataclass(frozen=True)
class PixelSequences:
    """Holds images, and reads them as sequences.

    Attributes:
        images: The images.
        preprocessing: The module from `raw` images to the inputs that `batch` returns for them.
    """

    images: Images
    preprocessing: ToSequence

    def __len__(self) -> int:
        return len(self.images)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.images.device

    @property
    def labels(self) -> Tensor:
        """The class of each image (N,), by number."""
        return self.images.labels

    @property
    def pixel_max(self) -> float:
        """The value of white."""
        return self.images.pixel_max

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns sequences (B, T, C) as floats in 0..1 and targets (B,) of the images at `index`."""
        inputs: Tensor = self.preprocessing(take(self.images.pixels, index))
        return inputs, take(self.images.labels, index)

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the pixels (B, C, H, W) of the images at `index` as they are in the files."""
        return self.images.raw(index)

    def to(self, device: torch.device) -> Self:
        """Returns the same sequences on `device`."""
        preprocessing = ToSequence(self.pixel_max, self.preprocessing.pooled, self.preprocessing.order)
        return replace(self, images=self.images.to(device), preprocessing=preprocessing.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the sequences at `index`."""
        return replace(self, images=self.images.subset(index))


def describe_sequence(config: NamedImagesConfig, pixel_max: float) -> Pixels:
    """Describes how the images of a data set become sequences.

    Args:
        config: Says how many steps there are, and whether they are permuted.
        pixel_max: The value of white.

    Returns:
        The description, with the permutation written out.
    """
    order = None
    if config.permuted:  # NumPy keeps its draws the same for ever
        order = np.random.RandomState(PERMUTATION_SEED).permutation(config.sequence or 0).tolist()
    shape = list(config.image_shape)
    return Pixels(shape=shape, pixel_max=pixel_max, fit="exact", steps=config.sequence, order=order)


def to_sequence(pixels: Pixels) -> ToSequence:
    """Builds the module from raw images to sequences.

    Args:
        pixels: Describes both.

    Returns:
        The module.
    """
    assert pixels.steps is not None
    pooled = math.isqrt(math.prod(pixels.shape[1:]) // pixels.steps)
    return ToSequence(pixels.pixel_max, pooled, None if pixels.order is None else torch.tensor(pixels.order))


def read_as_sequences(splits: Splits, config: NamedImagesConfig) -> Splits:
    """Returns images as sequences.

    Args:
        splits: Images.
        config: Says how many steps there are, and whether they are permuted.

    Returns:
        The same examples as sequences, in the same splits.
    """

    def read(images: Images) -> PixelSequences:
        return PixelSequences(images, to_sequence(describe_sequence(config, images.pixel_max)))

    train, val, test = splits.train, splits.val, splits.test
    assert isinstance(train, Images) and isinstance(val, Images) and isinstance(test, Images | None)
    return replace(splits, train=read(train), val=read(val), test=test and read(test))
