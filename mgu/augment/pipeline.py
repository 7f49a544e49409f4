"""The stages of an augmentation, one after the other, with the generator that they all draw from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from mgu.augment.flip_crop import FlipCrop
from mgu.augment.mixup import Mixup
from mgu.augment.rand_augment import RandAugment
from mgu.config.augment import CropConfig, MixupConfig, RandAugmentConfig


class Augment:
    """Changes the images of a batch at random, and with mixup their targets.

    Args:
        stages: Functions from images (B, C, H, W) and a generator to images of that shape.
        mixup: Mixes images and targets at the end; None: targets stay as they are.
        generator: Draws, on the CPU; its state is all that a checkpoint must hold.
    """

    def __init__(
        self, stages: Sequence[Callable[[Tensor, Generator], Tensor]], mixup: Mixup | None, generator: Generator
    ) -> None:
        self.stages, self.mixup, self.generator = stages, mixup, generator

    def __call__(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Returns changed images (B, C, H, W), in the memory format of the inputs, and targets (B,) or (B, K)."""
        images = inputs
        for stage in self.stages:
            images = stage(images, self.generator)
        if self.mixup:
            images, targets = self.mixup(images, targets, self.generator)
        is_last = inputs.is_contiguous(memory_format=torch.channels_last)
        return images.contiguous(memory_format=torch.channels_last if is_last else torch.contiguous_format), targets


def build_augment(config: CropConfig, seed: int, num_classes: int) -> Augment:
    """Builds a configured augmentation.

    Args:
        config: Its section of the run configuration: crops and flips, with or without more.
        seed: Seed of the run; the generator is another one than that of shuffling, and unlike those of other seeds.
        num_classes: K.

    Returns:
        The augmentation before its first draw.
    """
    digest = hashlib.sha256(f"augment {seed}".encode()).digest()
    generator = Generator().manual_seed(int.from_bytes(digest[:7]))
    stages: list[Callable[[Tensor, Generator], Tensor]] = [FlipCrop(config.padding, config.flip)]
    if isinstance(config, RandAugmentConfig):
        stages.append(RandAugment(config.num_ops, config.magnitude))
    return Augment(stages, Mixup(config.alpha, num_classes) if isinstance(config, MixupConfig) else None, generator)
