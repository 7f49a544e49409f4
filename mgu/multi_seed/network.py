"""Several networks of one shape, each with weights and images of its own, in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mgu.models.convnet import ConvNet
from mgu.multi_seed.blocks import stacked_blocks, stacked_linear


def stacked_logits(
    models: Sequence[ConvNet], images: Sequence[Tensor], dropouts: Sequence[Callable[[Tensor], Tensor]]
) -> tuple[Tensor, ...]:
    """Computes the logits of each model on its own images, in training.

    Args:
        models: ConvNets of one shape, of baseline blocks (mgu/layers/block.py).
        images: The images of each.
        dropouts: The dropout of each, which draws its own random numbers.

    Shape:
        images: (B, C, H, W) each; returns (B, K) each.

    Returns:
        The logits of each model.
    """
    features = torch.cat(list(images), dim=1)  # (B, N * C, H, W)
    for blocks in zip(*(model.blocks for model in models), strict=True):
        features = stacked_blocks(blocks, features)  # (B, N * C', H', W')
    pooled = features.mean(dim=(2, 3)).unflatten(1, (len(models), -1))  # (B, N, C')
    dropped = [dropout(features) for dropout, features in zip(dropouts, pooled.unbind(1), strict=True)]  # (B, C') each
    readouts: list[Any] = [model.readout for model in models]
    return stacked_linear(readouts, torch.stack(dropped)).unbind()
