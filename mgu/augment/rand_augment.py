"""RandAugment (Cubuk et al. 2020, https://arxiv.org/abs/1909.13719): a few random operations of one magnitude."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from mgu.augment.operations import OPERATIONS, STRONGEST


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
        """Applies one operation to each image; images with the same are computed together.

        Args:
            images: Images (B, C, H, W).
            chosen: Number of the operation (B,) of each, on the CPU.
            is_negative: Whether the strength (B,) of an operation with a sign is negative, on the CPU.

        Returns:
            The changed images (B, C, H, W).
        """
        operations = list(OPERATIONS.values())
        is_signed = torch.tensor([operation.is_signed for operation in operations])
        codes = 2 * chosen + (is_negative & is_signed[chosen])
        order = codes.argsort(stable=True)
        kinds, counts = codes[order].unique_consecutive(return_counts=True)
        parts = images[order.to(images.device)].split(counts.tolist())
        changed = []
        for code, part in zip(kinds.tolist(), parts, strict=True):
            operation, sign = operations[code // 2], -1 if code % 2 else 1
            changed.append(operation.apply(part, sign * operation.strength(self.share)))
        return torch.cat(changed)[order.argsort().to(images.device)]
