"""A trained model's best weights on every split: metrics, of cases also by vote, and what they got right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.data.cases.cases import CaseImages
from mgu.data.splits import Data, Splits
from mgu.factory.learner import Learner
from mgu.results.correct import write_correct
from mgu.results.result import Metrics
from mgu.tasks.classification import Classification
from mgu.tasks.task import Task
from mgu.tasks.votes import macro_f1, vote
from mgu.train.loop import evaluate


class Seen(NamedTuple):
    """Logits (N, K) and targets (N,) of a split, in main memory."""

    logits: Tensor
    targets: Tensor


class Correct(NamedTuple):
    """Which of the official test examples (N,) are classified correctly; of cases, how many images each has."""

    examples: Tensor
    images_of_cases: list[int]

    def write(self, folder: Path) -> None:
        """correct.bits"""
        bits = np.packbits(self.examples.numpy()).tobytes()
        write_correct(folder, len(self.examples), bits, self.images_of_cases)


def assess(
    learner: Learner, weights: dict[str, Any] | None, splits: Splits, batch_size: int
) -> tuple[dict[str, Metrics | None], Correct | None]:
    """By name of the split, and the correct ones where the task has classes. Nothing without weights, as a run has none
    that diverged before its first epoch was over.
    """
    if weights is None:
        return {}, None
    learner.model.load_state_dict(weights)
    official = splits.test or splits.val
    scores: dict[str, Metrics | None] = {}
    correct: Correct | None = None
    for name, data in (("train", splits.train), ("val", splits.val), ("test", splits.test)):
        scores[name] = None
        if data is None:
            continue
        scores[name], seen = _evaluate(learner, data, batch_size, keep=data is official)
        if seen and data is official:
            correct = Correct(seen.logits.argmax(dim=1) == seen.targets, count_images(data))
    return scores, correct


def _evaluate(learner: Learner, data: Data, batch_size: int, keep: bool) -> tuple[Metrics, Seen | None]:
    """The metrics; where the task has classes also what was seen, of cases or if it is to be kept."""
    batches: list[tuple[Tensor, Tensor]] = []
    is_wanted = isinstance(learner.task, Classification) and (keep or isinstance(data, CaseImages))

    def look(outputs: Tensor, targets: Tensor) -> None:
        if is_wanted:
            batches.append((outputs.cpu(), targets.cpu()))

    metrics: dict[str, Any] = dict(evaluate(learner.model, data, learner.task, batch_size, look))
    metrics["loss"] = metrics["loss"] if math.isfinite(metrics["loss"]) else None
    if not is_wanted:
        return Metrics(**metrics), None
    seen = Seen(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    if isinstance(data, CaseImages):
        metrics |= of_cases(seen, data.cases.cpu())
    return Metrics(**metrics), seen


def of_cases(seen: Seen, cases: Tensor) -> dict[str, Any]:
    """What Metrics has of images of cases beside the metrics of any classification; `cases` (N,) by number."""
    task = Classification(seen.logits.shape[1])
    confusion, of_votes = task.totals(), task.totals()
    task.count(confusion, seen.logits, seen.targets)
    voted, first = vote(seen.logits, cases)
    of_votes.view(-1).scatter_add_(0, voted + task.num_classes * seen.targets[first], torch.ones_like(voted))
    return {
        "macro_f1": macro_f1(confusion),
        "confusion": confusion.tolist(),
        **{f"case_{name}": value for name, value in task.metrics(of_votes).items()},
        "case_macro_f1": macro_f1(of_votes),
        "case_confusion": of_votes.tolist(),
    }


def count_classes(task: Task) -> int | None:
    """None of a task that has none."""
    return task.num_classes if isinstance(task, Classification) else None


def count_images(data: Data) -> list[int]:
    """Of each case in its order; nothing where data are of no cases."""
    return data.cases.unique_consecutive(return_counts=True)[1].tolist() if isinstance(data, CaseImages) else []
