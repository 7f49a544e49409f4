"""Conversion of a pruned network for inference: batch norms are folded where possible."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from mgu.data.splits import Data
from mgu.export.network import Exportable, Infer
from mgu.prune.fold import fold, fold_into_next
from mgu.prune.network import Network, with_blocks
from mgu.tasks.classification import Classification
from mgu.tasks.score import Score
from mgu.tasks.task import judged_by

BATCH_SIZE = 1000


def convert_network(model: Network) -> Network:
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
    return with_blocks(converted, blocks).to(memory_format=torch.channels_last)


@torch.inference_mode()
def logits_of(infer: Infer, data: Data) -> Tensor:
    """Computes the logits (N, K) of all examples with a model in evaluation mode, in main memory."""
    return torch.cat([infer(data.batch(index)[0]).cpu() for index in _batches(data)])


@torch.inference_mode()
def logits_of_raw(infer: Infer, data: Data) -> Tensor:
    """Computes the logits (N, K) with what takes examples as they are in the user's files."""
    assert isinstance(data, Exportable)  # describe_export checked it
    return torch.cat([infer(data.raw(index)).cpu() for index in _batches(data)])


def labels_of(data: Data) -> Tensor:
    """Returns the classes (N,) of all examples, in main memory."""
    return torch.cat([data.batch(index)[1].cpu() for index in _batches(data)])


def score_from(logits: Tensor, labels: Tensor, score: Score) -> float:
    """Returns the score in 0..1 of logits (N, K) on the classes (N,) of examples, such as the accuracy."""
    task = judged_by(Classification(logits.shape[1]), score)
    confusion = task.totals()
    task.count(confusion, logits, labels)
    return task.metrics(confusion)[score.metric]


def _batches(data: Data) -> list[slice]:
    return [slice(start, start + BATCH_SIZE) for start in range(0, len(data), BATCH_SIZE)]
