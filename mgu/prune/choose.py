"""Choice of the smallest candidate that is accurate enough after fine-tuning."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

from mgu.config.prune import PruneConfig
from mgu.data.splits import Data
from mgu.models.convnet import count_keras
from mgu.prune.convert import convert_network
from mgu.prune.fine_tune import FineTuner
from mgu.prune.fix_gates import Candidate
from mgu.prune.flops import CountFlops
from mgu.prune.network import Network
from mgu.tasks.classification import Classification
from mgu.tasks.score import SCORES, Score
from mgu.tasks.task import judged_by
from mgu.train.loop import evaluate


class Choice(NamedTuple):
    """Holds the chosen candidate.

    Attributes:
        candidate: The candidate with its fine-tuned weights.
        within: Whether its loss of score is within the allowed one.
        tuned: Score after fine-tuning of every candidate that was fine-tuned, by name.
    """

    candidate: Candidate
    within: bool
    tuned: dict[str, float]


def choose(
    candidates: Sequence[Candidate],
    scores: Sequence[float],
    reference: float,
    images: Data,
    count_flops: CountFlops,
    config: PruneConfig,
    tuning: FineTuner,
) -> Choice:
    """Chooses the smallest candidate whose loss of score is within the allowed one.

    The smallest candidates (by parameters of the converted model, then by operations) are fine-tuned first, at most
    `config.tries`, and the first that is within the loss is taken. If none is, it is the smallest candidate that is
    within the loss without fine-tuning, else the best one that was tried.

    Args:
        candidates: Networks with some gates fixed.
        scores: Their scores on `images` before fine-tuning.
        reference: Score of the unit.
        images: The data that decide.
        count_flops: Counts the operations of a network.
        config: Settings of pruning.
        tuning: The fine-tuner.

    Returns:
        The choice.
    """
    enough = reference - config.max_loss / 100
    by_size = sorted(zip(candidates, scores, strict=True), key=lambda each: _size(each[0].model, count_flops))
    tried: list[tuple[float, Candidate]] = []
    tuned: dict[str, float] = {}
    for untuned, before in by_size[: config.tries]:
        candidate, value = untuned, before
        if config.epochs and candidate.decisions:
            model = copy.deepcopy(candidate.model)
            tuning.epochs(model, config.epochs, candidate.name)
            value = tuned[candidate.name] = score_on(model, images, tuning.task.score)
            if value > before:  # else it keeps its weights
                candidate = untuned._replace(model=model)
        tried.append((max(value, before), candidate))
        if tried[-1][0] >= enough:
            return Choice(candidate, True, tuned)
    for candidate, value in by_size[config.tries :]:
        if value >= enough:
            return Choice(candidate, True, tuned)
    return Choice(max(tried, key=lambda each: each[0])[1], False, tuned)


def score_on(model: Network, images: Data, score: Score = SCORES["classification"]) -> float:
    """Computes the score of a network.

    Args:
        model: The network.
        images: The data.
        score: What its run was trained for.

    Returns:
        The score in 0..1, such as the share of images that are classified correctly.
    """
    task = judged_by(Classification(model.readout.out_features), score)
    return evaluate(model, images, task, 1000)[score.metric]


def _size(model: Network, count_flops: CountFlops) -> tuple[int, int]:
    converted = convert_network(model)
    return count_keras(converted), count_flops(converted) or 0
