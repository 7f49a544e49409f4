"""The order in which the examples of an epoch are drawn."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from mgu.config.balance import Sampling
from mgu.data.splits import Data, Labelled


def draw_order(data: Data, sampling: Sampling, shuffle: torch.Generator) -> Tensor:
    """Draws the examples of one epoch, as many as there are.

    Args:
        data: Training examples; of a classification where `sampling` is balanced.
        sampling: shuffled: each example once; balanced: with replacement, every class that occurs equally likely, as
            torch.utils.data.WeightedRandomSampler draws them with weights of 1 / (number of examples of the class).
        shuffle: Draws on the CPU, so that its state in a checkpoint is all that resuming needs.

    Shape:
        Returns (N,).

    Returns:
        Numbers of the examples, on the CPU.
    """
    if sampling == "shuffled":
        return torch.randperm(len(data), generator=shuffle)
    labels = cast(Labelled, data).labels.cpu()
    weights = 1 / labels.bincount().double()[labels]
    return torch.multinomial(weights, len(labels), replacement=True, generator=shuffle)
