"""One run, from its configuration to its result.json, in a process of its own.

`run` reads from top to bottom: set up, build or continue, train, evaluate, explain, record. It tells its caller how it
gets on by `send`: see mgu/results/events.py for the events.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml

from mgu.config.run import RunConfig
from mgu.config.unit import DecisiveConfig
from mgu.data.dataset import Dataset
from mgu.errors import UserError
from mgu.explain.explanation import can_explain, explain_model, write_explanation
from mgu.factory.engine import check_engine
from mgu.factory.experiment import Experiment, resolve
from mgu.factory.learner import build_fit_settings, build_graph, build_learner, build_optimizer
from mgu.factory.model import build_toys, count_flops
from mgu.measure.cost import RunCost
from mgu.measure.cost_meter import CostMeter
from mgu.measure.share import ALONE, Slot
from mgu.measure.stopwatch import Stopwatch
from mgu.models.convnet import count_keras, count_trainable
from mgu.results.events import Began, DataNote, EpochEnded, Note, Send, Stepped
from mgu.results.file_names import (
    CHECKPOINT_FILE,
    CONFIG_FILE,
    CORRECT_FILE,
    EXPLAIN_FILE,
    HISTORY_FILE,
    PICTURE_FILES,
    PRUNE_FOLDER,
    RESULT_FILE,
    WEIGHTS_FILE,
)
from mgu.results.files import write_text
from mgu.results.folder import run_folder
from mgu.results.record import make_result, write_history
from mgu.results.result import Result, write_result
from mgu.run.checkpoint import restore_checkpoint, save_checkpoint, save_weights, set_aside
from mgu.run.evaluate_splits import Correct, count_classes, evaluate_splits
from mgu.run.log import log_to
from mgu.train.gate_penalty import Decisiveness, first_decided_epoch
from mgu.train.learner import Learner
from mgu.train.loop import Callbacks, Fit, fit

log = logging.getLogger("mgu")

RUN_FILES = (  # what an earlier run may have left
    *(RESULT_FILE, CHECKPOINT_FILE, HISTORY_FILE, CORRECT_FILE, WEIGHTS_FILE),
    *(EXPLAIN_FILE, *PICTURE_FILES),
)
SECONDS_PER_UPDATE = 0.2  # between two of these events: a bar redrawn every step would cost small models time


class _Start(NamedTuple):
    """What training starts from: at the beginning, or after the last epoch of an interrupted call."""

    learner: Learner
    shuffle: torch.Generator
    fit: Fit
    cost: RunCost | None = None  # of the interrupted calls


class _TrainingFailed(Exception):  # noqa: N818 - it is an outcome
    """Training raised `cause`; `cost` is what it cost until then, for a search pays for failures, too."""

    def __init__(self, cause: Exception, cost: RunCost) -> None:
        super().__init__(str(cause))
        self.cause, self.cost = cause, cost


def run(
    config: RunConfig, send: Send = lambda event: None, slot: Slot = ALONE, dataset: Dataset | None = None
) -> Result:
    """Trains one run, or continues it, and leaves its result in its folder.

    An exception in training becomes a result with status "failed".

    Args:
        config: The run; its folder must exist, and the caller must hold its lock.
        send: Takes the events of the run.
        slot: The run's place among runs that this process trains at once.
        dataset: The configured data set, where several runs share it.

    Returns:
        The result, as it is written to result.json.

    Raises:
        UserError: The configuration, the data or the machine must be put right by the user.
    """
    folder = run_folder(config)
    for torn in folder.glob(".*.part"):  # of a process that was killed while it wrote
        torn.unlink(missing_ok=True)
    with log_to(folder / "log.txt"):
        try:
            result = _train_and_evaluate(config, folder, send, slot, dataset)
        except UserError:  # is no outcome of the model
            raise
        except _TrainingFailed as failure:
            log.exception("the run failed")
            result = _failed(config, failure.cause, failure.cost.as_fields())
        except Exception as error:
            log.exception("the run failed")
            result = _failed(config, error, {})
    write_result(folder, result)
    if result.status != "failed":  # a failed run may continue from here once its cause is gone
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return result


def _train_and_evaluate(config: RunConfig, folder: Path, send: Send, slot: Slot, dataset: Dataset | None) -> Result:
    stopwatch = Stopwatch(slot.now)
    experiment = resolve(config, dataset)
    _set_up(experiment, send)
    cost = CostMeter(config.energy, experiment.device, slot, stopwatch)
    log.info("%s on %s, %d training examples", config.name, experiment.device_name, len(experiment.splits.train))
    _clear(config, folder)  # only now, for nothing can be wrong with the user's input any more
    with cost:
        start = _begin_or_continue(experiment, folder, send)
        learner, cost.earlier = start.learner, start.cost
        cost.lap("build")
        outcome = _train(experiment, folder, start, cost, slot, send)
        cost.lap("train")
        batch_size = config.training.eval_batch_size
        scores, correct = evaluate_splits(learner, outcome.best_weights, experiment.splits, batch_size)
        cost.lap("evaluate")
        if can_explain(config) and scores:
            # A manual search comes with its table of results: what a unit found must be told as well.
            write_explanation(folder, explain_model(experiment, learner.model, experiment.splits.val))
        cost.lap("explain")
    _save_best(folder, outcome, correct)
    return make_result(
        config,
        outcome.status,
        params_trainable=count_trainable(learner.model),
        params_keras=count_keras(learner.model),
        flops_per_sample=count_flops(experiment),
        num_classes=count_classes(learner.task),
        epochs=len(outcome.history),
        best_epoch=outcome.best_epoch,
        device=experiment.device_name,
        **cost.total.as_fields(),
        **scores,
    )


def _set_up(experiment: Experiment, send: Send) -> None:
    """Prepares torch and the data, and trains toys like the run's layers for a step.

    Imports and compilation take seconds on first use, which are not counted in the run's time. Units are compiled for
    their number of channels.
    """
    experiment.set_up_torch()
    check_engine(experiment)
    for note in experiment.splits.notes:
        log.warning(note)
        send(DataNote(note))
    for toy, inputs in build_toys(experiment):
        optimizer, _ = build_optimizer(experiment.config, toy.to(experiment.device))
        toy(inputs.to(experiment.device)).sum().backward()
        optimizer.step()
    if experiment.config.engine == "compiled":
        from mgu.factory.compile import compile_ahead  # torch's compiler takes a second to import

        compile_ahead(experiment)


def _clear(config: RunConfig, folder: Path) -> None:
    """Removes what an earlier run left, so that none of it passes for this one's, and writes the configuration."""
    stale = [RESULT_FILE] if (folder / CHECKPOINT_FILE).exists() and not config.force else RUN_FILES
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PRUNE_FOLDER, ignore_errors=True)
    write_text(folder / CONFIG_FILE, yaml.safe_dump(config.model_dump(), sort_keys=False))


def _begin_or_continue(experiment: Experiment, folder: Path, send: Send) -> _Start:
    """Builds the learner, and restores the checkpoint of an interrupted call if there is one that can be used."""
    config = experiment.config
    learner, shuffle = build_learner(experiment), torch.Generator().manual_seed(config.seed)
    try:
        restored = restore_checkpoint(folder, config, learner, shuffle)
    except ValueError as error:
        note = f"its checkpoint cannot be used ({error}): set aside as {set_aside(folder).name}, starting over"
        log.warning(note)
        send(Note(note))
        return _Start(build_learner(experiment), torch.Generator().manual_seed(config.seed), Fit())
    if not restored:
        return _Start(learner, shuffle, Fit())
    note = f"continues after epoch {len(restored.fit.history)}"
    log.info(note)
    send(Note(note))
    return _Start(learner, shuffle, restored.fit, restored.cost)


def _train(experiment: Experiment, folder: Path, start: _Start, cost: CostMeter, slot: Slot, send: Send) -> Fit:
    """Fits the model and saves a checkpoint after every epoch. Raises _TrainingFailed."""
    config, splits, learner = experiment.config, experiment.splits, start.learner
    training, decisive = config.training, config.mgu.decisive if config.mgu else DecisiveConfig()
    steps_per_epoch = math.ceil(len(splits.train) / training.batch_size)
    total, done = training.epochs * steps_per_epoch, len(start.fit.history) * steps_per_epoch
    send(Began(experiment.device_name, len(start.fit.history), steps_per_epoch))

    def on_epoch(fit: Fit) -> None:
        cost.lap("train")
        write_history(folder, fit.history)
        if fit.status == "ok":
            save_checkpoint(folder, config, learner, start.shuffle, fit, cost.so_far)
        log.debug("%s", fit.history[-1])
        send(EpochEnded(fit.history[-1]))
        cost.lap("checkpoint")

    joined = learner._replace(model=slot.join(learner.model, learner.optimizer))
    try:
        return fit(
            joined,
            splits,
            build_fit_settings(config, first_decided_epoch(decisive, training.epochs)),
            shuffle=start.shuffle,
            so_far=start.fit,
            as_graph=build_graph(config, learner.optimizer),
            penalty=Decisiveness(joined.model, decisive, total, done) if decisive.is_on else None,
            callbacks=Callbacks(_count_steps(send), on_epoch),
        )
    except Exception as error:
        cost.lap("train")
        raise _TrainingFailed(error, cost.so_far) from error


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


def _save_best(folder: Path, outcome: Fit, correct: Correct | None) -> None:
    """Saves the best epoch's weights, if any epoch ended finite, and which examples a classifier gets right."""
    if outcome.best_weights is None:
        return
    save_weights(folder, outcome.best_weights)
    if correct:
        correct.write(folder)


def _failed(config: RunConfig, error: Exception, cost: dict[str, Any]) -> Result:
    """Returns the record of a run that ended with an exception, and what it cost if training had begun."""
    return make_result(config, "failed", error="".join(traceback.format_exception_only(error)).strip(), **cost)
