"""Conversion of a pruned network for inference: batch norms are folded where possible, and equality is checked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mgu.data.splits import Data
from mgu.errors import RunsFailed
from mgu.models.convnet import ConvNet
from mgu.prune.fold import fold, fold_into_next

TOLERANCE = 1e-5  # share of the largest logit; an operation in single precision rounds to 6e-8, and layers add up
BATCH_SIZE = 1000

Infer = Callable[[Tensor], Tensor]  # images (B, C, H, W) to logits (B, K)


def convert_network(model: ConvNet) -> ConvNet:
    """Copies a network for inference: the same function with fewer parts.

    Args:
        model: A pruned network.

    Returns:
        The converted copy in evaluation mode.
    """
    converted = copy.deepcopy(model).eval()
    blocks = [fold(block) for block in model.blocks]
    for index, block in enumerate(blocks[:-1]):
        blocks[index + 1] = fold_into_next(block, blocks[index + 1])
    # An affine function commutes with the mean over positions.
    readout: Any = fold_into_next(blocks[-1], converted.readout)
    converted.readout = readout
    converted.blocks = nn.Sequential(*blocks)
    return converted.to(memory_format=torch.channels_last)


@torch.inference_mode()
def logits_of(infer: Infer, images: Data) -> Tensor:
    """Computes the logits (N, K) of all images with a model in evaluation mode, in main memory."""
    starts = range(0, len(images), BATCH_SIZE)
    return torch.cat([infer(images.batch(slice(start, start + BATCH_SIZE))[0]).cpu() for start in starts])


def check_equivalent(name: str, found: Tensor, expected: Tensor) -> float:
    """Checks that a model computes the same logits as the one it was derived from.

    Args:
        name: Name of the model.
        found: Its logits (N, K).
        expected: Logits of the other model (N, K).

    Returns:
        The largest difference as a share of the largest logit.

    Raises:
        RunsFailed: The difference is above TOLERANCE.
    """
    difference = ((found - expected).abs().max() / expected.abs().max()).item()
    if not difference <= TOLERANCE:
        raise RunsFailed(
            f"the {name} model must equal the one it was derived from to {TOLERANCE:g} of the largest logit, but "
            f"differs by {difference:.1e} on held-out images. It is not written; please report this with the run's "
            "config.yaml."
        )
    return difference
