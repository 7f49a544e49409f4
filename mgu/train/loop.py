"""The training loop: `train_epoch`, `evaluate`, and `fit` around them.

Baselines and units, images, tables and ratings go through the same three functions, so that what is compared is the
model: data is what gives batches by index (mgu/data/splits.py), a task a loss, its metrics and a direction
(mgu/tasks/task.py). Data lies on the device; nothing in a step waits for it, losses and counts are read once an epoch.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from mgu.config.balance import Sampling
from mgu.data.splits import Data, Splits
from mgu.tasks.task import Task
from mgu.train.batches import split_into_batches
from mgu.train.cuda_graph import ReplayedStep
from mgu.train.early_stop import EarlyStop
from mgu.train.learner import Learner
from mgu.train.order import draw_order
from mgu.train.schedules import Schedule
from mgu.train.step import PLAIN, Metrics, Step, StepOptions, Totals


@dataclass
class Fit:
    """Holds the outcome of training, complete or so far.

    Attributes:
        status: "diverged" once a loss was not finite.
        history: One row per epoch, see `fit`.
        best_epoch: The epoch with the best validation score, or the last one, from 1; None if none ended finite.
        best_weights: The state dict of the model after that epoch.
    """

    status: Literal["ok", "diverged"] = "ok"
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None
    best_weights: dict[str, Any] | None = None


class FitSettings(NamedTuple):
    """Holds how long to train, and on batches of which size.

    Attributes:
        epochs: Passes over the training data, at most.
        batch_size: Examples per training step.
        eval_batch_size: Examples per batch of an evaluation.
        patience: Epochs without a better validation score after which training stops.
        first_best: The first epoch that can be the best one, and from which patience counts.
        even_batches: Whether training batches have nearly equal sizes, see mgu/train/batches.py.
        keep_last: Whether the last epoch counts as the best one; patience still goes by the score.
        options: What the recipe changes in a training step.
        sampling: How the examples of an epoch are drawn, see mgu/train/order.py.
    """

    epochs: int
    batch_size: int
    eval_batch_size: int
    patience: int
    first_best: int = 1
    even_batches: bool = False
    keep_last: bool = False
    options: StepOptions = PLAIN
    sampling: Sampling = "shuffled"


class Callbacks(NamedTuple):
    """Holds what `fit` calls while it trains.

    Attributes:
        on_step: Called after every batch.
        on_epoch: Called after every epoch with the outcome so far.
        now: Returns seconds on the run's own clock.
    """

    on_step: Callable[[], None] = lambda: None
    on_epoch: Callable[[Fit], None] = lambda fit: None
    now: Callable[[], float] = time.perf_counter


SILENT = Callbacks()


def train_epoch(
    step: Step | ReplayedStep,
    schedule: Schedule,
    batch_size: int,
    shuffle: torch.Generator,
    on_step: Callable[[], None] = lambda: None,
    *,
    even_batches: bool = False,
    sampling: Sampling = "shuffled",
) -> Metrics:
    """Trains for one pass over the step's data in random order.

    Args:
        step: Trains on the examples at an index.
        schedule: Schedule of the learning rate, stepped after every batch.
        batch_size: Examples per step, at most.
        shuffle: Draws the order.
        on_step: Called after every batch.
        even_batches: Whether batches have nearly equal sizes, see mgu/train/batches.py; else the last may be smaller.
        sampling: How the examples are drawn, see mgu/train/order.py.

    Returns:
        Mean loss and metrics of the batches as they were trained on: of what was drawn, where sampling is balanced.
    """
    step.begin()
    order = draw_order(step.data, sampling, shuffle).to(step.data.device)
    for index in split_into_batches(order, batch_size, even_batches):
        step(index)
        schedule.step()
        on_step()
    return step.totals.metrics()


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    data: Data,
    task: Task,
    batch_size: int,
    on_batch: Callable[[Tensor, Tensor], None] = lambda outputs, targets: None,
) -> Metrics:
    """Evaluates a model as it is used: without dropout, by running statistics. It is left in evaluation mode.

    Args:
        model: Lies where the data do.
        data: Examples, taken in their order.
        task: Loss and metrics.
        batch_size: Examples per forward pass.
        on_batch: Called with the outputs (B, ...) and targets (B,) of each batch.

    Returns:
        Mean loss and metrics by name.
    """
    model.eval()
    totals = Totals(task, data)
    for start in range(0, len(data), batch_size):
        inputs, targets = data.batch(slice(start, start + batch_size))
        outputs = model(inputs)
        totals.add(task.loss(outputs, targets), outputs, targets)
        on_batch(outputs, targets)
    return totals.metrics()


def fit(
    learner: Learner,
    splits: Splits,
    settings: FitSettings,
    *,
    shuffle: torch.Generator,
    so_far: Fit | None = None,
    as_graph: Callable[[Step], Step | ReplayedStep] = lambda step: step,
    penalty: Callable[[], Tensor] | None = None,
    callbacks: Callbacks = SILENT,
) -> Fit:
    """Trains until the last epoch, until patience runs out, or until a loss is not finite.

    A row of the history has: epoch (from 1), lr (after it), the metrics as train_* and val_*, and the seconds spent on
    training and on evaluation.

    Args:
        learner: What is trained; it is left as the last epoch left it.
        splits: Data on the device of the model; the test examples are not looked at.
        settings: Epochs, batch sizes and patience.
        shuffle: Draws the order of the training examples.
        so_far: Outcome of an interrupted call; the other arguments must be in the state that they had then.
        as_graph: Returns what is to be called for every batch, see mgu/train/cuda_graph.py.
        penalty: Added to the loss in training, see mgu/train/step.py.
        callbacks: Called after every batch and epoch.

    Returns:
        The outcome, with the weights of the best epoch: averaged ones where the learner has an average.
    """
    model, task, schedule, average = learner.model, learner.task, learner.schedule, learner.average
    outcome, early_stop = so_far or Fit(), EarlyStop(settings.patience, task.score)
    for row in outcome.history[settings.first_best - 1 :]:
        early_stop.improved(int(row["epoch"]), row[f"val_{task.score.metric}"])

    def on_step() -> None:
        if average:
            average.update()
        callbacks.on_step()

    plain = Step(model, splits.train, task, learner.optimizer, penalty, settings.options, learner.rule)
    step = plain if penalty else as_graph(plain)  # the host computes a penalty's weight anew for every step
    for epoch in range(len(outcome.history) + 1, settings.epochs + 1):
        if early_stop.stopped or outcome.status == "diverged":
            break
        started = callbacks.now()
        train = train_epoch(step, schedule, settings.batch_size, shuffle, on_step, even_batches=settings.even_batches,
                            sampling=settings.sampling)  # fmt: skip
        if learner.rule:
            learner.rule.end_epoch(model)
        trained = callbacks.now()
        with learner.as_evaluated():
            val = evaluate(model, splits.val, task, settings.eval_batch_size)
            is_finite = math.isfinite(train["loss"]) and math.isfinite(val["loss"])
            if is_finite and _is_best(epoch, val[task.score.metric], early_stop, settings):
                outcome.best_epoch, outcome.best_weights = epoch, copy.deepcopy(model.state_dict())
        seconds = {"train_s": trained - started, "evaluate_s": callbacks.now() - trained}
        outcome.history.append(_history_row(epoch, schedule, train, val) | seconds)
        outcome.status = "ok" if is_finite else "diverged"
        schedule.end_epoch(val[task.score.metric])
        callbacks.on_epoch(outcome)
    return outcome


def _is_best(epoch: int, score: float, early_stop: EarlyStop, settings: FitSettings) -> bool:
    """Tells early stopping the score of an epoch that counts; returns whether its weights are the best so far."""
    return epoch >= settings.first_best and (early_stop.improved(epoch, score) or settings.keep_last)


def _history_row(epoch: int, schedule: Schedule, train: Metrics, val: Metrics) -> dict[str, float]:
    """Returns the row of an epoch but for its seconds, with the metrics under names that begin with their split."""
    row: dict[str, float] = {"epoch": epoch, "lr": float(schedule.get_last_lr()[0])}
    row |= {f"train_{name}": value for name, value in train.items()}
    return row | {f"val_{name}": value for name, value in val.items()}
