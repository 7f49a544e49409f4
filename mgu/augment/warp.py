"""Affine changes of images, each by a matrix of its own; torchvision's functions take one for a whole batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# Row by row: from (x, y, 1), a pixel's place right of and below the centre, to the place in the image it shows.
Matrix = tuple[float, float, float, float, float, float]

LONGEST = 150 / 331  # of a side: the largest translation in the search space of AutoAugment
# From the share of the largest strength, in -1..1, and from height and width, as torchvision.transforms.v2.RandAugment.
MATRICES: dict[str, Callable[[float, int, int], Matrix]] = {
    "shear_x": lambda share, height, width: (1, 0.3 * share, 0.15 * share * height, 0, 1, 0),  # keeps the first row
    "shear_y": lambda share, height, width: (1, 0, 0, 0.3 * share, 1, 0.15 * share * width),  # keeps the first column
    "translate_x": lambda share, height, width: (1, 0, -int(LONGEST * share * width), 0, 1, 0),
    "translate_y": lambda share, height, width: (1, 0, 0, 0, 1, -int(LONGEST * share * height)),
    "rotate": lambda share, height, width: _rotate(math.radians(30 * share)),
}


def warp(images: Tensor, matrices: Sequence[Matrix]) -> Tensor:
    """Moves the pixels of each image; what comes from outside of it is black.

    Args:
        images: Images (B, C, H, W).
        matrices: One for each image.

    Returns:
        Images (B, C, H, W) of the nearest pixels.
    """
    height, width = images.shape[-2:]
    y, x = (torch.arange(side).to(images) - (side - 1) / 2 for side in (height, width))
    positions = torch.ones(height, width, 3, dtype=images.dtype, device=images.device)
    positions[..., 0], positions[..., 1] = x, y.unsqueeze(1)
    by_image = torch.tensor(matrices).view(-1, 2, 3).to(images)
    halves = torch.tensor([width / 2, height / 2]).to(images)  # grid_sample wants edges at -1 and 1
    grid = positions.view(1, -1, 3).expand(len(images), -1, -1) @ (by_image.mT / halves)
    return F.grid_sample(images, grid.view(-1, height, width, 2), mode="nearest", align_corners=False)


def _rotate(angle: float) -> Matrix:
    """Rotates counter-clockwise around the centre, by radians."""
    return math.cos(angle), -math.sin(angle), 0, math.sin(angle), math.cos(angle), 0
