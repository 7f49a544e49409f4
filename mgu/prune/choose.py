"""The smallest candidate that is good enough, once it has been fine-tuned."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from mgu.config.prune import PruneConfig
from mgu.data.splits import Data
from mgu.models.convnet import ConvNet, count_keras
from mgu.prune.benchmark import flops_of
from mgu.prune.convert import convert
from mgu.prune.fine_tune import Tuning
from mgu.prune.fix_gates import Candidate
from mgu.tasks.classification import Classification
from mgu.train.loop import evaluate


class Choice(NamedTuple):
    """tuned: the accuracy of every candidate that was fine-tuned, by name."""

    candidate: Candidate
    within: bool
    tuned: dict[str, float]


def choose(
    candidates: Sequence[Candidate],
    accuracies: Sequence[float],
    reference: float,
    images: Data,
    image: Tensor,
    config: PruneConfig,
    tuning: Tuning,
) -> Choice:
    """Fine-tune the smallest first (parameters of the converted model, then operations), and take the first within the
    loss. Where none of those tried is, the smallest that is without fine-tuning; else the best of those tried.

    accuracies: of the candidates as they are, on `images`; reference: the unit's.
    """
    enough = reference - config.max_loss / 100
    by_size = sorted(zip(candidates, accuracies, strict=True), key=lambda each: _size(each[0].model, image))
    tried: list[tuple[float, Candidate]] = []
    tuned: dict[str, float] = {}
    for candidate, before in by_size[: config.tries]:
        accuracy = before
        if config.epochs and candidate.decisions:
            model = copy.deepcopy(candidate.model)
            tuning.epochs(model, config.epochs, candidate.name)
            accuracy = tuned[candidate.name] = accuracy_of(model, images)
            if accuracy > before:  # else it stays as it was
                candidate = candidate._replace(model=model)  # noqa: PLW2901
        tried.append((max(accuracy, before), candidate))
        if tried[-1][0] >= enough:
            return Choice(candidate, True, tuned)
    for candidate, accuracy in by_size[config.tries :]:
        if accuracy >= enough:
            return Choice(candidate, True, tuned)
    return Choice(max(tried, key=lambda each: each[0])[1], False, tuned)


def accuracy_of(model: ConvNet, images: Data) -> float:
    """The share of images that are classified correctly."""
    return evaluate(model, images, Classification(model.readout.out_features), 1000)["accuracy"]


def _size(model: ConvNet, image: Tensor) -> tuple[int, int]:
    converted = convert(model)
    return count_keras(converted), flops_of(converted, image)
