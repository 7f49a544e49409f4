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
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mgu.data.splits import Data, Splits
from mgu.tasks.task import Task
from mgu.train.cuda_graph import ReplayedStep
from mgu.train.early_stop import EarlyStop
from mgu.train.step import Metrics, Step, Totals


@dataclass
class Fit:
    """What training came to. `best_epoch` counts from 1; it and `best_weights` are None if no epoch ended finite."""

    status: Literal["ok", "diverged"] = "ok"
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int | None = None
    best_weights: dict[str, Any] | None = None


def train_epoch(
    step: Step | ReplayedStep,
    schedule: LRScheduler,
    batch_size: int,
    shuffle: torch.Generator,
    on_step: Callable[[], None] = lambda: None,
) -> Metrics:
    """One pass over the step's data in random order; mean loss and metrics of the batches as they were trained on."""
    step.begin()
    order = torch.randperm(len(step.data), generator=shuffle).to(step.data.device)
    for index in order.split(batch_size):
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
    """Mean loss and metrics of the model as it is used: no dropout, running statistics. Batches follow the order of
    `data`; on_batch gets the outputs (B, ...) and targets (B,) of each.
    """
    model.eval()
    totals = Totals(task, data.device)
    for start in range(0, len(data), batch_size):
        inputs, targets = data.batch(slice(start, start + batch_size))
        outputs = model(inputs)
        totals.add(task.loss(outputs, targets), outputs, targets)
        on_batch(outputs, targets)
    return totals.metrics()


def fit(
    model: nn.Module,
    splits: Splits,
    task: Task,
    optimizer: Optimizer,
    schedule: LRScheduler,
    *,
    epochs: int,
    batch_size: int,
    eval_batch_size: int,
    patience: int,
    shuffle: torch.Generator,
    as_graph: Callable[[Step], Step | ReplayedStep] = lambda step: step,
    so_far: Fit | None = None,
    on_step: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Fit], None] = lambda fit: None,
    penalty: Callable[[], Tensor] | None = None,
    first_best: int = 1,
) -> Fit:
    """Train until `epochs`, or `patience` epochs without a better validation score, or a loss that is not finite.

    as_graph: makes of the step what is to be called for every batch, see mgu/train/cuda_graph.py.
    so_far: what an interrupted call had come to; the other arguments must be in the state that they had then.
    on_step is called after every batch, on_epoch after every epoch; penalty: see mgu/train/step.py.
    first_best: the first epoch that can be the best one, and from which patience counts.
    A row of the history has: epoch (from 1), lr (after it), the metrics as train_* and val_*, and the seconds spent on
    training and on evaluation.
    """
    outcome, early_stop = so_far or Fit(), EarlyStop(patience, task.score)
    for row in outcome.history[first_best - 1 :]:
        early_stop.improved(int(row["epoch"]), row[f"val_{task.score.metric}"])
    plain = Step(model, splits.train, task, optimizer, penalty)
    step = plain if penalty else as_graph(plain)  # the host works out a penalty's weight anew for every step
    for epoch in range(len(outcome.history) + 1, epochs + 1):
        if early_stop.stopped or outcome.status == "diverged":
            break
        started = time.perf_counter()
        train = train_epoch(step, schedule, batch_size, shuffle, on_step)
        trained = time.perf_counter()
        val = evaluate(model, splits.val, task, eval_batch_size)
        row = {
            "epoch": epoch,
            "lr": float(schedule.get_last_lr()[0]),
            **_prefixed("train", train),
            **_prefixed("val", val),
        }
        row |= {"train_s": trained - started, "evaluate_s": time.perf_counter() - trained}
        outcome.history.append(row)
        if not (math.isfinite(train["loss"]) and math.isfinite(val["loss"])):
            outcome.status = "diverged"
        elif epoch >= first_best and early_stop.improved(epoch, val[task.score.metric]):
            outcome.best_epoch, outcome.best_weights = epoch, copy.deepcopy(model.state_dict())
        on_epoch(outcome)
    return outcome


def _prefixed(prefix: str, metrics: Metrics) -> Metrics:
    return {f"{prefix}_{name}": value for name, value in metrics.items()}
