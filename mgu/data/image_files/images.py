"""Images of files in memory or memory-mapped, with the group of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from mgu.config.image_files import ImageFilesConfig
from mgu.data.image_files.cache import GIB, Decoded
from mgu.data.image_files.decode import Pixels
from mgu.data.image_files.digests import describe_odd
from mgu.data.image_files.split import Parts
from mgu.data.images.images import Images
from mgu.data.images.preprocessing import scale_pixels
from mgu.errors import UserError

_ADVICE = (
    ". Add groups of this class, or raise the share of that split."  # its groups have images of other classes, too
)


@dataclass(frozen=True, kw_only=True)
class FileImages(Images):
    """Holds images of the user's files; several may be of one group.

    Attributes:
        groups: The group of each image (N,), by number.
        are_cases: Whether a group is a case, which has one class that its images vote on.
        rows: Where each image (N,) is in `pixels`, if these are memory-mapped and several splits share them; None: the
            images are the pixels, in order.
        bits: Bits that grey values of 16 bits use, where their files do not say it.
    """

    groups: Tensor
    are_cases: bool = False
    rows: Tensor | None = None
    bits: int = 16

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs (B, C, H, W) as floats in 0..1 and targets (B,) of the images at `index`."""
        if self.rows is None:
            return super().batch(index)
        rows = self.pixels.permute(0, 2, 3, 1)[self.rows[index]]  # (B, H, W, C)
        return scale_pixels(rows, self.pixel_max).permute(0, 3, 1, 2), self.labels[index]

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns the pixels (B, C, H, W) of the images at `index` as they are in the files."""
        return self.pixels[index if self.rows is None else self.rows[index]]

    def to(self, device: torch.device) -> Self:
        """Returns the images on the device, channels last in memory; those that are mapped stay so on the CPU."""
        if self.rows is not None and device.type == "cpu":
            return self
        chosen = self if self.rows is None else replace(self, pixels=self.pixels[self.rows], rows=None)
        return replace(super(FileImages, chosen).to(device), groups=self.groups.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the images at `index`."""
        return replace(self, pixels=self.raw(index), labels=self.labels[index], groups=self.groups[index], rows=None)


def as_images(
    pixels: Pixels, decoded: Decoded, parts: Parts, config: ImageFilesConfig, are_cases: bool = False
) -> dict[str, FileImages]:
    """Divides decoded images among splits.

    Pixels of at most `config.memory_gib` are read into memory; more stay memory-mapped: the system keeps what it can.

    Args:
        pixels: The pixels (N, H, W, C), memory-mapped.
        decoded: Their description.
        parts: The numbers of the images of each split.
        config: The names of the classes, and how much memory there is.
        are_cases: Whether groups are cases.

    Returns:
        The images by the name of their split.

    Raises:
        UserError: A split has no image of a class, and is none that was made before.
    """
    is_mapped = pixels.nbytes > config.memory_gib * GIB
    everything = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # (N, C, H, W); no copy, here and below
    labels, groups = torch.tensor(decoded.labels), torch.tensor(decoded.groups)
    images = {}
    for part, index in parts.items():
        lost = set(range(len(config.classes))) - set(labels[index].tolist())
        if lost and not (decoded.given and part != "train" and len(index)):  # who split the data chose what to test
            why = f" ({describe_odd(decoded.skipped)}). Mend them." if decoded.skipped else _ADVICE
            raise UserError(
                "every class must have whole images to train, to validate and to test, but of "
                f"{config.classes[min(lost)]!r} there is none left for {part}{why}"
            )
        of_part, rows = everything, None
        if torch.equal(index, torch.arange(start := int(index[0]), start + len(index))):
            of_part = everything[start : start + len(index)]
            of_part = of_part if is_mapped else of_part.clone()
        elif is_mapped:
            rows = index
        else:
            of_part = everything.permute(0, 2, 3, 1)[index].permute(0, 3, 1, 2)  # channels stay last in memory
        images[part] = FileImages(
            of_part, labels[index], groups=groups[index], are_cases=are_cases, rows=rows, bits=decoded.bits
        )
    return images
