"""Final evaluation: metrics of the best weights on every split, for cases also by vote, and the correct examples."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.config.image_files import ImageFilesConfig
from mgu.data.image_files.images import FileImages
from mgu.data.splits import Data, Splits
from mgu.data.tables.rows import Rows
from mgu.factory.resolved_run import ResolvedRun
from mgu.results.on_disk.correct import write_correct
from mgu.results.on_disk.preprocessing import Classes
from mgu.results.schema.metrics import MOST_CLASSES, Metrics
from mgu.tasks.classification import Classification
from mgu.tasks.rank_scores import average_precision, roc_auc
from mgu.tasks.score import score_named
from mgu.tasks.task import Task, judged_by
from mgu.tasks.votes import macro_f1, vote
from mgu.train.learner import Learner
from mgu.train.loop import evaluate

AT_ONCE = 10_000  # examples that are in memory in double precision


class Predictions(NamedTuple):
    """Holds the logits (N, K) and targets (N,) of a split in main memory.

    Attributes:
        logits: By example and class.
        targets: The true class of each example.
    """

    logits: Tensor
    targets: Tensor


class Correct(NamedTuple):
    """Holds which of the official test examples (N,) are classified correctly.

    Attributes:
        examples: One truth value an example, those of a group next to each other.
        group_sizes: Number of examples of each case or other group, in order; empty where each example is one.
    """

    examples: Tensor
    group_sizes: list[int]

    def write(self, folder: Path) -> None:
        """Writes correct.bits."""
        bits = np.packbits(self.examples.numpy()).tobytes()
        write_correct(folder, len(self.examples), bits, self.group_sizes)


def evaluate_splits(
    learner: Learner, weights: dict[str, Any] | None, splits: Splits, batch_size: int
) -> tuple[dict[str, Metrics | None], Correct | None]:
    """Evaluates weights on all splits; the model keeps them.

    Args:
        learner: Its model takes the weights.
        weights: The state dict of the best epoch; None for a run that diverged before its first epoch was over.
        splits: Data on the device of the model.
        batch_size: Examples per forward pass.

    Returns:
        The metrics by the name of the split (none without weights), and for classification the examples of the test
        split, or of the validation split where nothing is held out for testing, that are classified correctly.
    """
    if weights is None:
        return {}, None
    learner.model.load_state_dict(weights)
    official = splits.test or splits.val
    scores: dict[str, Metrics | None] = {}
    correct: Correct | None = None
    for name, data in (("train", splits.train_as_is or splits.train), ("val", splits.val), ("test", splits.test)):
        scores[name] = None
        if data is None:
            continue
        scores[name], predictions = _evaluate(learner, data, batch_size, keep=data is official)
        if predictions and data is official:
            hits = predictions.logits.argmax(dim=1) == predictions.targets
            correct = Correct(_put_together(hits, data), examples_per_group(data))
    return scores, correct


def _evaluate(learner: Learner, data: Data, batch_size: int, keep: bool) -> tuple[Metrics, Predictions | None]:
    """Returns the metrics, and for classification the predictions if they are to be kept or are of own images.

    Only such predictions have a confusion matrix, which would fill result.json if every split had one.
    """
    batches: list[tuple[Tensor, Tensor]] = []
    is_wanted = isinstance(learner.task, Classification) and (keep or isinstance(data, FileImages))

    def collect(outputs: Tensor, targets: Tensor) -> None:
        if is_wanted:
            batches.append((outputs.cpu(), targets.cpu()))

    metrics: dict[str, Any] = dict(evaluate(learner.model, data, _telling_all(learner.task), batch_size, collect))
    metrics["loss"] = metrics["loss"] if math.isfinite(metrics["loss"]) else None
    if not is_wanted:
        return Metrics(**metrics), None
    predictions = Predictions(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    if isinstance(data, FileImages) or predictions.logits.shape[1] <= MOST_CLASSES:
        metrics |= class_metrics(predictions)
    if isinstance(data, FileImages) and data.are_cases:
        metrics |= case_metrics(predictions, data.groups.cpu())
    return Metrics(**metrics), predictions


def _telling_all(task: Task) -> Task:
    """Returns a task that tells macro F1, too, which the history of a run has only where it selects epochs."""
    return judged_by(task, score_named("macro_f1")) if isinstance(task, Classification) else task


def class_metrics(predictions: Predictions) -> dict[str, Any]:
    """Counts how often each class is taken for each, and computes how well each is ranked before the others.

    Args:
        predictions: Logits (N, K) and targets (N,).

    Returns:
        The confusion matrix, and by class the area under the ROC curve and the average precision.
    """
    task = Classification(predictions.logits.shape[1])
    confusion = task.totals()
    task.count(confusion, predictions.logits, predictions.targets)
    return {"confusion": confusion.tolist(), **rank_classes(predictions.logits, predictions.targets)}


def rank_classes(logits: Tensor, targets: Tensor) -> dict[str, list[float | None]]:
    """Computes how well the probability of each class ranks its examples before the others.

    Args:
        logits: By example and class (N, K).
        targets: The true class of each example (N,).

    Returns:
        By class the area under the ROC curve and the average precision.
    """
    # Double precision for some examples at once, and class by class: all of it may be more than memory holds.
    log_sum = torch.cat([part.double().logsumexp(dim=1) for part in logits.split(AT_ONCE)])
    areas, precisions = [], []
    for index in range(logits.shape[1]):
        probability, is_of_class = (logits[:, index].double() - log_sum).exp(), targets == index
        areas.append(roc_auc(probability, is_of_class))
        precisions.append(average_precision(probability, is_of_class))
    return {"class_auc": areas, "class_ap": precisions}


def case_metrics(predictions: Predictions, cases: Tensor) -> dict[str, Any]:
    """Computes what `Metrics` has for cases, which their images vote on.

    Args:
        predictions: Logits (N, K) and targets (N,) of the images.
        cases: The case (N,) of each image, by number.

    Returns:
        The metrics of any classification, confusion matrix and macro F1, of cases.
    """
    task = Classification(predictions.logits.shape[1])
    by_case = task.totals()
    voted, first = vote(predictions.logits, cases)
    by_case.view(-1).scatter_add_(0, voted + task.num_classes * predictions.targets[first], torch.ones_like(voted))
    return {
        **{f"case_{name}": value for name, value in task.metrics(by_case).items()},
        "case_macro_f1": macro_f1(by_case),
        "case_confusion": by_case.tolist(),
    }


def count_classes(task: Task) -> int | None:
    """Returns the number of classes; None for a task without any."""
    return task.num_classes if isinstance(task, Classification) else None


def name_classes(resolved: ResolvedRun) -> list[str] | None:
    """Returns the names of the classes in the order of the outputs; None for a task without any, or with too many.

    A result has them where it has a confusion matrix, whose order they are: of the user's own images all.
    """
    outputs = resolved.dataset.preprocessing.outputs
    if not isinstance(outputs, Classes):
        return None
    has_all = isinstance(resolved.config.dataset, ImageFilesConfig) or len(outputs.names) <= MOST_CLASSES
    return [str(name) for name in outputs.names] if has_all else None


def examples_per_group(data: Data) -> list[int]:
    """Returns the number of examples of each group, such as a case or a patient, in order; [] where there are none.

    Images have no groups where no two of them are of one.
    """
    if isinstance(data, Rows):
        return [] if data.groups is None else data.groups.unique(return_counts=True)[1].tolist()
    if not isinstance(data, FileImages):
        return []
    counts: list[int] = data.groups.unique_consecutive(return_counts=True)[1].tolist()  # those of one lie together
    return counts if data.are_cases or max(counts) > 1 else []


def _put_together(hits: Tensor, data: Data) -> Tensor:
    """Puts the rows of each group next to each other, where images are."""
    return hits[data.groups.cpu().argsort(stable=True)] if isinstance(data, Rows) and data.groups is not None else hits
