"""Random crops and flips (He et al. 2016, section 4.2, https://arxiv.org/abs/1512.03385)."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torchvision.transforms.v2 import functional as v2

from mgu.augment.take import take


class FlipCrop:
    """Pads every image with black, cuts out a window of its old size at random, and mirrors it with a probability.

    Args:
        padding: Width of the black added on each side, as a share of height and width.
        flip: Probability of mirroring an image, left to right.
    """

    def __init__(self, padding: float, flip: float) -> None:
        self.padding, self.flip = padding, flip

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Returns crops (B, C, H, W) of images of that shape, drawn by `generator`."""
        count, _, height, width = images.shape
        border = round(self.padding * height), round(self.padding * width)
        tops, lefts = (torch.randint(2 * side + 1, (count,), generator=generator) for side in border)
        is_flipped = torch.rand(count, generator=generator) < self.flip
        cropped = crop(images, border, tops, lefts) if any(border) else images.clone()
        flipped = is_flipped.nonzero().flatten()
        return cropped.index_copy_(0, flipped.to(images.device), v2.horizontal_flip(take(cropped, flipped)))


def crop(images: Tensor, border: tuple[int, int], tops: Tensor, lefts: Tensor) -> Tensor:
    """Cuts a window of its own out of each padded image; torchvision's crop cuts the same out of all.

    Args:
        images: Images (B, C, H, W).
        border: Rows above and below, and columns left and right, that are added in black.
        tops: First row (B,) of each window in the padded image.
        lefts: First column (B,) of each window.

    Returns:
        The windows (B, C, H, W), channels last in memory.
    """
    height, width = images.shape[-2:]
    rows, columns = border
    padded = v2.pad(images, [columns, rows, columns, rows])
    windows = padded.movedim(1, -1).unfold(1, height, 1).unfold(2, width, 1)  # no copy
    windows = windows.movedim(3, -1)  # (B, 2 rows + 1, 2 columns + 1, H, W, C)
    each = torch.arange(len(images), device=images.device)
    cut: Tensor = windows[each, tops.to(images.device), lefts.to(images.device)]  # (B, H, W, C)
    return cut.movedim(-1, 1)
