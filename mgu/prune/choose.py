"""The smallest candidate that is good enough, once it has been fine-tuned."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from mgu.data.splits import Data
from mgu.models.convnet import ConvNet, count_keras
from mgu.prune.convert import convert
from mgu.prune.cost import flops_of
from mgu.prune.search import Candidate
from mgu.prune.settings import PruneConfig
from mgu.prune.tune import Tuning
from mgu.tasks.classification import Classification
from mgu.train.loop import evaluate


class Choice(NamedTuple):
    """tuned: the accuracy of every candidate that was tried, by name."""

    candidate: Candidate
    within: bool
    tuned: dict[str, float]


def choose(
    candidates: Sequence[Candidate],
    reference: float,
    images: Data,
    image: Tensor,
    config: PruneConfig,
    tuning: Tuning,
) -> Choice:
    """Try the smallest first (parameters of the converted model, then operations), and take the first within the loss.

    Where none of them is, the best of those tried. reference: the unit's accuracy on `images`.
    """
    tried: list[tuple[float, Candidate]] = []
    for candidate in sorted(candidates, key=lambda each: _size(each.model, image))[: config.tries]:
        model = copy.deepcopy(candidate.model)
        if config.epochs and candidate.decisions:
            tuning.epochs(model, config.epochs)
        accuracy = accuracy_of(model, images)
        tried.append((accuracy, candidate._replace(model=model)))
        if accuracy >= reference - config.max_loss / 100:
            break
    accuracy, best = max(tried, key=lambda each: each[0])
    within = accuracy >= reference - config.max_loss / 100
    return Choice(best, within, {each.name: found for found, each in tried})


def accuracy_of(model: ConvNet, images: Data) -> float:
    """The share of images that are classified correctly."""
    return evaluate(model, images, Classification(model.readout.out_features), 1000)["accuracy"]


def _size(model: ConvNet, image: Tensor) -> tuple[int, int]:
    converted = convert(model)
    return count_keras(converted), flops_of(converted, image)
