"""RandAugment (Cubuk et al. 2020, https://arxiv.org/abs/1909.13719): a few random operations of one magnitude.

Operations and strengths are those of torchvision.transforms.v2.RandAugment.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from mgu.augment.colours import COLOURS
from mgu.augment.take import take
from mgu.augment.warp import MATRICES, warp

STRONGEST = 30  # magnitudes go from 0 to here, in 31 steps as in the paper
OPERATIONS = ("identity", *MATRICES, *COLOURS)


class RandAugment:
    """Applies operations to every image that are drawn for it, with equal probabilities.

    Args:
        num_ops: How many, one after the other.
        magnitude: Strength of all of them, from 0 to 30.
    """

    def __init__(self, num_ops: int, magnitude: int) -> None:
        self.num_ops, self.share = num_ops, magnitude / STRONGEST

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Returns changed images (B, C, H, W), of one or three channels, by draws of `generator`."""
        for _ in range(self.num_ops):
            chosen = torch.randint(len(OPERATIONS), (len(images),), generator=generator)
            is_negative = torch.rand(len(images), generator=generator) < 0.5
            images = self.apply(images, chosen, is_negative)
        return images

    def apply(self, images: Tensor, chosen: Tensor, is_negative: Tensor) -> Tensor:
        """Applies one operation to each image; images with the same one are computed together.

        Args:
            images: Images (B, C, H, W).
            chosen: Number of the operation (B,) of each, on the CPU.
            is_negative: Whether the strength (B,) is negative, on the CPU; some operations have no sign.

        Returns:
            The changed images (B, C, H, W).
        """
        shares = torch.where(is_negative, -self.share, self.share)
        groups = chosen.masked_fill((chosen >= 1) & (chosen <= len(MATRICES)), 1)  # all that is affine is one
        order = groups.argsort(stable=True)
        numbers, counts = groups[order].unique_consecutive(return_counts=True)
        starts = [0, *counts.cumsum(0).tolist()]
        sorted_images = take(images, order)
        for number, start, end in zip(numbers.tolist(), starts, starts[1:], strict=False):
            part, index = sorted_images[start:end], order[start:end]
            if number == 1:
                names = [OPERATIONS[kind] for kind in chosen[index].tolist()]
                size = images.shape[-2:]
                sides = zip(names, shares[index].tolist(), strict=True)
                part.copy_(warp(part, [MATRICES[name](share, *size) for name, share in sides]))
            elif number > 1:
                part.copy_(COLOURS[OPERATIONS[number]](part, shares[index]))
        return take(sorted_images, order.argsort())
