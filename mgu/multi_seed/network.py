"""Several networks of one shape, each with weights and images of its own, in one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from mgu.models.convnet import ConvNet
from mgu.multi_seed.blocks import blocks_abreast, linear_abreast


def logits_abreast(
    models: Sequence[ConvNet], images: Sequence[Tensor], dropouts: Sequence[Callable[[Tensor], Tensor]]
) -> tuple[Tensor, ...]:
    """The logits (B, K) of each model on its own images (B, C, H, W), in training; blocks are baselines' (Block).

    dropouts: of each model, for each draws random numbers of its own.
    """
    count = len(models)
    features = torch.cat(list(images), dim=1)  # (B, N * C, H, W)
    for blocks in zip(*(model.blocks for model in models), strict=True):
        features = blocks_abreast(blocks, features)
    pooled = features.mean(dim=(2, 3)).unflatten(1, (count, -1))  # (B, N, C')
    dropped = [dropout(own) for dropout, own in zip(dropouts, pooled.unbind(1), strict=True)]
    readouts: list[Any] = [model.readout for model in models]
    return linear_abreast(readouts, torch.stack(dropped)).unbind()
