"""Training of a run: from its beginning or its checkpoint, with new checkpoints after epochs.

Short epochs have not one each: writing 20 of them would take a tenth of the time that a small model is trained.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from msgspec.structs import replace as replace_field

from mgu.config.unit import DecisiveConfig
from mgu.equilibrium.report import collect, columns
from mgu.errors import UserError
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.learner import build_fit_settings, build_learner, build_step_wrapper
from mgu.factory.resolved_run import ResolvedRun
from mgu.measure.cost import RunCost
from mgu.measure.cost_meter import CostMeter
from mgu.measure.slot import Slot
from mgu.results.events import Began, EpochEnded, Note, Send, Stepped
from mgu.results.on_disk.record import replacing_history, write_history
from mgu.results.schema.trained_by import TrainedBy, describe_changes
from mgu.run.checkpoint import Generators, restore_checkpoint, save_checkpoint, set_aside
from mgu.run.log import send_note
from mgu.train.gate_penalty import GatePenalty
from mgu.train.learner import Learner
from mgu.train.loop import Callbacks, Fit, fit
from mgu.train.path_sgd import PathSGD, describe_skipped
from mgu.train.path_summary import describe_kappas

if TYPE_CHECKING:
    from mgu.augment.pipeline import Augment

log = logging.getLogger("mgu")

SECONDS_PER_UPDATE = 0.2  # between two of these events: a bar redrawn every step would cost small models time


class Start(NamedTuple):
    """Holds what training starts from: a new learner, or its state after the last epoch of an interrupted call."""

    learner: Learner
    shuffle: torch.Generator
    augment: Augment | None
    fit: Fit
    now: TrainedBy
    earlier: tuple[TrainedBy, ...] = ()  # of the interrupted calls
    cost: RunCost | None = None  # of the interrupted calls

    @property
    def generators(self) -> Generators:
        """What a checkpoint keeps the state of."""
        return {"shuffle": self.shuffle} | ({"augment": self.augment.generator} if self.augment else {})

    def parts(self, epochs: int) -> tuple[TrainedBy, ...]:
        """Returns by what the run was trained up to an epoch of this call."""
        return (*self.earlier, replace_field(self.now, epochs=epochs))


class TrainingFailed(Exception):  # noqa: N818 - it is an outcome
    """Says that training, or what follows it, raised `cause`, and what was done until then.

    Args:
        cause: The exception.
        cost: What the run had cost: a search pays for failures, too.
        epochs: The epochs that had ended, those of interrupted calls included.
    """

    def __init__(self, cause: Exception, cost: RunCost, epochs: int) -> None:
        super().__init__(str(cause))
        self.cause, self.cost, self.epochs = cause, cost, epochs


def begin_or_continue(resolved: ResolvedRun, folder: Path, now: TrainedBy, send: Send) -> Start:
    """Builds the learner, and restores the checkpoint of an interrupted call if there is one that can be used.

    Args:
        resolved: The run.
        folder: Its folder.
        now: By what this call trains.
        send: Sends notes to the parent.

    Returns:
        What training starts from.
    """
    start = _begin(resolved, now)
    try:
        restored = restore_checkpoint(folder, resolved.config, start.learner, start.generators)
    except ValueError as error:
        note = f"its checkpoint cannot be used ({error}): set aside as {set_aside(folder).name}, starting over"
        send_note(note, send)
        return _begin(resolved, now)
    if not restored:
        return start
    note = f"continues after epoch {len(restored.fit.history)}"
    if changes := describe_changes(restored.parts[-1], start.now):
        note += f", trained by {changes}: the result is of neither alone"
    log.info(note)
    send(Note(note))
    return start._replace(fit=restored.fit, earlier=restored.parts, cost=restored.cost)


def _begin(resolved: ResolvedRun, now: TrainedBy) -> Start:
    """Builds what a run starts from that was never interrupted."""
    shuffle = torch.Generator().manual_seed(resolved.config.seed)
    return Start(build_learner(resolved), shuffle, build_augment_for(resolved), Fit(), now)


def train(resolved: ResolvedRun, folder: Path, start: Start, cost: CostMeter, slot: Slot, send: Send) -> Fit:
    """Fits the model and saves checkpoints, with the history up to there.

    Args:
        resolved: The run.
        folder: Its folder.
        start: The learner, and what an interrupted call has done already.
        cost: Charges training and the writing of checkpoints.
        slot: The place of the run in its job.
        send: Sends events to the parent.

    Returns:
        The outcome, of interrupted calls too.

    Raises:
        TrainingFailed: Training raised an exception.
    """
    config, splits, learner = resolved.config, resolved.splits, start.learner
    training, decisive = config.training, config.mgu.decisive if config.mgu else DecisiveConfig()
    steps_per_epoch = training.steps_per_epoch(len(splits.train))
    total, done = training.epochs * steps_per_epoch, len(start.fit.history) * steps_per_epoch
    send(Began(resolved.device_name, len(start.fit.history), steps_per_epoch))
    joined = learner._replace(model=slot.join(learner.model, learner.optimizer))
    penalty = GatePenalty(joined.model, decisive, total, done) if decisive.is_on else None
    try:
        outcome = fit(
            joined,
            replace(splits, train=augment_training(splits.train, start.augment)),
            build_fit_settings(config, config.first_best_epoch),
            shuffle=start.shuffle,
            so_far=start.fit,
            as_graph=build_step_wrapper(config, learner.optimizer),
            penalty=penalty,
            callbacks=Callbacks(_count_steps(send), _save_progress(resolved, folder, start, cost, send), slot.now),
        )
    except Exception as error:
        cost.lap("train")
        raise TrainingFailed(error, cost.so_far, len(start.fit.history)) from error
    if penalty:
        penalty.stop()
    if isinstance(learner.optimizer, PathSGD):
        log.info("at the end: %s", describe_kappas(learner.optimizer.paths))
        send_note(describe_skipped(learner.optimizer), send)
    if outcome.history:  # also of epochs after the last checkpoint
        cost.lap("train")
        write_history(folder, outcome.history)
        cost.lap("checkpoint")
    return outcome


@contextmanager
def failing_after(outcome: Fit, cost: Callable[[], RunCost]) -> Iterator[None]:
    """Keeps what was trained, and its cost, of a run that fails after its training.

    Args:
        outcome: Of training.
        cost: Returns what the run has cost.

    Raises:
        TrainingFailed: The block raised an exception other than UserError, which is no outcome of the model.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise TrainingFailed(error, cost(), len(outcome.history)) from error


def _count_steps(send: Send) -> Callable[[], None]:
    """Returns a callback that counts steps and sends their number from time to time."""
    steps, sent_s = 0, time.perf_counter()

    def on_step() -> None:
        nonlocal steps, sent_s
        steps += 1
        if (now := time.perf_counter()) - sent_s > SECONDS_PER_UPDATE:
            sent_s = now
            send(Stepped(steps))

    return on_step


def _save_progress(
    resolved: ResolvedRun, folder: Path, start: Start, cost: CostMeter, send: Send
) -> Callable[[Fit], None]:
    """Returns a callback that sends the history's last row, and saves a checkpoint where the last one is long ago."""
    training = resolved.config.training
    saved_s = -math.inf

    def on_epoch(fit: Fit) -> None:
        nonlocal saved_s
        if statistics := collect(start.learner.model):
            fit.history[-1] |= columns(statistics)
        cost.lap("train")
        stops_for_now = len(fit.history) == training.epochs_now < training.epochs
        if fit.status == "ok" and (stops_for_now or time.perf_counter() - saved_s >= training.checkpoint_s):
            with replacing_history(folder, fit.history):  # as long as the checkpoint: what was stopped is told by it
                parts = start.parts(len(fit.history))
                save_checkpoint(folder, resolved.config, start.learner, start.generators, fit, cost.so_far, parts)
            saved_s = time.perf_counter()
        log.debug("%s", fit.history[-1])
        send(EpochEnded(fit.history[-1]))
        cost.lap("checkpoint")

    return on_epoch
