"""`mgu-run check` in the child process: some training batches and one evaluation, which leave nothing behind."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import count
from statistics import median
from typing import NamedTuple

import torch

from mgu.config.run import RunConfig
from mgu.data.splits import Data, Splits
from mgu.factory.advice import advise
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.engine import check_engine
from mgu.factory.imported import blaming_own_code
from mgu.factory.learner import build_learner, build_step
from mgu.factory.model import count_flops
from mgu.factory.own_code import check_own_code
from mgu.factory.pretrained import check_pretrained
from mgu.factory.resolved_run import ResolvedRun, resolve
from mgu.isolation import Send
from mgu.models.convnet import count_trainable
from mgu.results.dry_run import DryRun
from mgu.run.evaluate_splits import count_classes
from mgu.train.learner import Learner
from mgu.train.loop import evaluate, train_epoch

MIN_STEPS, MAX_STEPS, MAX_S = 2, 10, 1.0  # the first step pays for what later ones have, and is not timed


def dry_run(send: Send, config: RunConfig) -> DryRun:
    """Loads the data, builds the model, and trains it on two batches, and on more while a second lasts, for their time.

    Args:
        send: Not used.
        config: A run.

    Returns:
        What was found.

    Raises:
        UserError: The run cannot be trained like this.
    """
    resolved = resolve(config)
    resolved.set_up_torch()
    check_engine(resolved)
    splits = resolved.splits
    check_own_code(resolved)
    learner = build_learner(resolved)
    with blaming_own_code(config):
        steps = _train(resolved, learner)
        begun = [next(steps) for _ in range(MIN_STEPS)]
        val_loss, evaluate_s = _evaluate(resolved, learner)
        taken = begun + _continue(steps, _num_steps(config, splits) - MIN_STEPS)
    losses, times_s = [step.loss for step in taken], [step.seconds for step in taken[1:]]
    shapes = resolved.shapes
    notes = [*check_pretrained(resolved), *splits.notes, *advise(config, len(splits.train))]
    return DryRun(
        name=config.name,
        identity=config.identity,
        device=resolved.device_name,
        data=config.dataset.label,
        task=config.dataset.task,
        examples={name: len(data) for name, data in _parts(splits).items()},
        input_shape=list(shapes.inputs),
        num_outputs=shapes.num_outputs,
        num_classes=count_classes(learner.task),
        params=count_trainable(learner.model),
        flops=count_flops(resolved),
        losses=losses[:2],
        val_loss=val_loss,
        step_s=median(times_s),
        timed_steps=len(times_s),
        evaluate_s=evaluate_s,
        run_s=_estimate_s(config, splits, median(times_s), evaluate_s),
        notes=[*notes, *_describe_losses([*losses, val_loss])],
    )


def _parts(splits: Splits) -> dict[str, Data]:
    parts = {"train": splits.train, "val": splits.val, "test": splits.test}
    return {name: data for name, data in parts.items() if data is not None}


class _Taken(NamedTuple):
    """Holds a step that was taken: its loss, and how long it took."""

    loss: float
    seconds: float


def _num_steps(config: RunConfig, splits: Splits) -> int:
    """Returns how many steps to take at most: a schedule of the user's need not go beyond the last one of the run."""
    training = config.training
    return max(MIN_STEPS, min(MAX_STEPS, training.epochs * training.steps_per_epoch(len(splits.train))))


def _continue(steps: Iterator[_Taken], most: int) -> list[_Taken]:
    """Takes more steps, while they take no longer than a second together."""
    taken: list[_Taken] = []
    while len(taken) < most and sum(step.seconds for step in taken) < MAX_S:
        taken.append(next(steps))
    return taken


def _train(resolved: ResolvedRun, learner: Learner) -> Iterator[_Taken]:
    """Trains on the first examples, a step at a time, without an end."""
    config, train = resolved.config, resolved.splits.train
    size = min(config.training.batch_size, len(train))
    augment = build_augment_for(resolved)
    for number in count():
        index = (torch.arange(size, device=train.device) + number * size) % len(train)
        step = build_step(config, learner, augment_training(train.subset(index), augment))
        begun = time.perf_counter()
        loss = train_epoch(step, learner.schedule, size, torch.Generator().manual_seed(config.seed))["loss"]
        yield _Taken(loss, time.perf_counter() - begun)  # reading the loss has waited for the device


def _evaluate(resolved: ResolvedRun, learner: Learner) -> tuple[float, float]:
    """Evaluates one batch; returns its loss, and the seconds."""
    val = resolved.splits.val
    size = min(resolved.config.training.eval_batch_size, len(val))
    batch = val.subset(torch.arange(size, device=val.device))
    begun = time.perf_counter()
    loss = evaluate(learner.model, batch, learner.task, size)["loss"]
    return loss, time.perf_counter() - begun


def _estimate_s(config: RunConfig, splits: Splits, step_s: float, evaluate_s: float) -> float:
    """Returns the seconds of all epochs: their training steps and the evaluation after each."""
    training = config.training
    evaluations = math.ceil(len(splits.val) / training.eval_batch_size)
    return training.epochs * (training.steps_per_epoch(len(splits.train)) * step_s + evaluations * evaluate_s)


def _describe_losses(losses: list[float]) -> list[str]:
    if all(map(math.isfinite, losses)):
        return []
    return [
        "the loss is not finite after a few batches: the run would diverge. Lower optimizer.lr, or scale the inputs to "
        "about 1."
    ]
