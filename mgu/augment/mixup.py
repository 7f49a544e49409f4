"""mixup (Zhang et al. 2018, https://arxiv.org/abs/1710.09412): weighted means of two images and of their classes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from mgu.augment.take import take


class Mixup:
    """Mixes every image of a batch with another one of it, at random.

    With the weight w from Beta(alpha, alpha), an image x and its one-hot class y become w x + (1 - w) x' and
    w y + (1 - w) y', where x' and y' are those of a partner. Every image has a weight of its own, where the paper's
    code and torchvision's MixUp draw one for a whole batch.

    Args:
        alpha: Both parameters of the Beta distribution: 1 is uniform, less is nearer to images that are not mixed.
        num_classes: K.
    """

    def __init__(self, alpha: float, num_classes: int) -> None:
        self.alpha, self.num_classes = alpha, num_classes

    def __call__(self, images: Tensor, labels: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Returns mixed images (B, C, H, W) and targets (B, K), of images of that shape and labels (B,)."""
        partners = torch.randperm(len(images), generator=generator)
        weights = draw_beta(self.alpha, len(images), generator).to(images)
        classes = F.one_hot(labels, self.num_classes).to(images.dtype)
        mixed = torch.lerp(take(images, partners), images, weights.view(-1, 1, 1, 1))
        return mixed, torch.lerp(classes[partners.to(labels.device)], classes, weights.view(-1, 1))


def draw_beta(alpha: float, count: int, generator: Generator) -> Tensor:
    """Draws from Beta(alpha, alpha) by a generator, which torch's own distributions do not take.

    Args:
        alpha: Both parameters.
        count: How many numbers are drawn.
        generator: On the CPU.

    Returns:
        Numbers in 0..1 in double precision, (count,).
    """
    parameter = torch.tensor(alpha, dtype=torch.float64)
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        drawn: Tensor = torch.distributions.Beta(parameter, parameter).sample((count,))
        generator.set_state(torch.get_rng_state())
    return drawn
