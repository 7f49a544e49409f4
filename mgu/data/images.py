"""The one type that every data set is loaded into: raw pixels and labels, resident in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Images:
    """Raw pixels (N, C, H, W) as uint8 in 0..pixel_max, and labels (N,) as int64."""

    pixels: Tensor
    labels: Tensor
    pixel_max: float = 255.0

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Inputs (B, C, H, W) as floats in 0..1 and targets (B,) of the images at `index`."""
        rows = self.pixels.permute(0, 2, 3, 1)[index]  # (B, H, W, C): channels last, one channel or many
        inputs = rows.to(torch.float32).div_(self.pixel_max).permute(0, 3, 1, 2)
        return inputs, self.labels[index]

    def to(self, device: torch.device) -> Images:
        """On the device, in the memory order in which batches are wanted."""
        pixels = self.pixels.to(device, memory_format=torch.channels_last)
        return replace(self, pixels=pixels, labels=self.labels.to(device))

    def subset(self, index: Tensor) -> Images:
        return replace(self, pixels=self.pixels[index], labels=self.labels[index])


@dataclass(frozen=True)
class Splits:
    """What a run trains on, what it selects by, and what it looks at once at the end (None: nothing is kept back)."""

    train: Images
    val: Images
    test: Images | None = None

    def to(self, device: torch.device) -> Splits:
        return replace(
            self, train=self.train.to(device), val=self.val.to(device), test=self.test and self.test.to(device)
        )


def split_paper(train: Images, test: Images) -> Splits:
    """As the paper's tables appear to do: the official test images are the validation data."""
    return Splits(train, test)


def split_holdout(train: Images, test: Images) -> Splits:
    """A tenth of the training images, the same in every run, is validation data; the test images stay untouched."""
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
    num_val = len(train) // 10
    return Splits(train.subset(order[num_val:]), train.subset(order[:num_val]), test)
