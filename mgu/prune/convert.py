"""A pruned network to what inference needs: batch norms folded wherever their order allows, proven equal on images."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mgu.data.splits import Data
from mgu.errors import RunsFailed
from mgu.models.convnet import ConvNet
from mgu.prune.fold import fold, hand_on

TOLERANCE = 1e-5  # of the largest logit: single precision keeps 6e-8 an operation, a few layers of sums lose some of it
BATCH_SIZE = 1000


def convert(model: ConvNet) -> ConvNet:
    """A copy of `model` for inference: the same function, with fewer parts."""
    converted = copy.deepcopy(model).eval()
    blocks = [fold(block) for block in model.blocks]
    for index, block in enumerate(blocks[:-1]):
        blocks[index + 1] = hand_on(block, blocks[index + 1])
    readout: Any = hand_on(blocks[-1], converted.readout)  # the mean over positions lets an affine function pass
    converted.readout = readout
    converted.blocks = nn.Sequential(*blocks)
    return converted.to(memory_format=torch.channels_last)


@torch.inference_mode()
def logits_of(infer: Callable[[Tensor], Tensor], images: Data) -> Tensor:
    """(N, K) in main memory, by a model in evaluation mode."""
    starts = range(0, len(images), BATCH_SIZE)
    return torch.cat([infer(images.batch(slice(start, start + BATCH_SIZE))[0]).cpu() for start in starts])


def check_equal(name: str, found: Tensor, expected: Tensor) -> float:
    """The largest difference of two sets of logits, as a share of the largest logit.

    Raises RunsFailed where that is above TOLERANCE, for then something is not what it is said to be.
    """
    difference = ((found - expected).abs().max() / expected.abs().max()).item()
    if not difference <= TOLERANCE:
        raise RunsFailed(
            f"the {name} model must equal the one it was made of to {TOLERANCE:g} of the largest logit, but differs by "
            f"{difference:.1e} on held-out images. It is not written; please report this with the run's config.yaml."
        )
    return difference
