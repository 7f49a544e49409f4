"""One run from its configuration to its result.json: set up, train, evaluate, measure, write. In a process of its own.

It continues from the checkpoint that an interrupted call left, and tells its caller how it gets on by `send`: see
mgu/results/events.py for the events.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml

from mgu.config.run import RunConfig
from mgu.config.unit import DecisiveConfig
from mgu.data.splits import Splits
from mgu.errors import UserError
from mgu.explain.explanation import can_explain, explain_model, write_explanation
from mgu.factory.device import describe_device, find_device, set_up_torch
from mgu.factory.learner import Learner, build_graph, build_learner, build_optimizer
from mgu.factory.model import build_splits, build_toys, check_engine, count_flops
from mgu.measure.contention import Presence
from mgu.measure.cost_meter import Spending, TrainingFailed, as_fields
from mgu.measure.energy import build_meter
from mgu.measure.share import ALONE, Alone
from mgu.measure.stopwatch import Clock
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
from mgu.run.checkpoint import Restored, restore_checkpoint, save_checkpoint, save_weights, set_aside
from mgu.run.evaluate_splits import Correct, assess, count_classes
from mgu.run.log import log_to
from mgu.train.gate_penalty import Decisiveness, first_decided_epoch
from mgu.train.loop import Fit, fit

log = logging.getLogger("mgu")

EVIDENCE = (
    *(RESULT_FILE, CHECKPOINT_FILE, HISTORY_FILE, CORRECT_FILE, WEIGHTS_FILE),
    *(EXPLAIN_FILE, *PICTURE_FILES),
)
SECONDS_PER_UPDATE = 0.2  # between two words about the steps: a bar redrawn every step would cost small models time


def run(config: RunConfig, send: Send = lambda event: None, place: Alone = ALONE) -> Result:
    """Train, or go on training, measure and record one run. The caller holds the lock of its folder, which is there.

    place: among runs that are trained together, see mgu/run/worker.py.

    An exception in training becomes a result with status "failed". Raises UserError for what the user can put right.
    """
    folder = run_folder(config)
    for torn in folder.glob(".*.part"):  # of a process that was killed while it wrote
        torn.unlink(missing_ok=True)
    with log_to(folder / "log.txt"):
        try:
            result = _train_and_measure(config, folder, send, place)
        except UserError:  # is no outcome of the model
            raise
        except TrainingFailed as failure:
            log.exception("the run failed")
            result = _failed(config, failure.cause, **as_fields(failure.spent))
        except Exception as error:
            log.exception("the run failed")
            result = _failed(config, error)
    write_result(folder, result)
    if result.status != "failed":  # what failed may go on from here once its cause is gone
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return result


def _failed(config: RunConfig, error: Exception, **measured: Any) -> Result:
    return make_result(config, "failed", error="".join(traceback.format_exception_only(error)).strip(), **measured)


def _train_and_measure(config: RunConfig, folder: Path, send: Send, place: Alone) -> Result:
    clock = Clock(place.now)
    set_up_torch(config)
    device = clock.device = find_device(config)
    check_engine(config)
    splits = build_splits(config).to(device)
    for note in splits.notes:
        log.warning(note)
        send(DataNote(note))
    _warm_up(config, splits, device)
    meter = build_meter(config.energy, device)
    log.info("%s on %s, %d training examples", config.name, describe_device(config), len(splits.train))
    _clear(config, folder)
    with Presence() as presence, meter:
        clock.lap("setup")
        place.begin_sharing()
        learner, shuffle, earlier = _begin_or_continue(config, folder, device, send)
        clock.lap("build")
        so_far = earlier.fit if earlier else Fit()
        spending = Spending(clock, meter, presence, place, earlier.spent if earlier else None)
        steps_per_epoch = math.ceil(len(splits.train) / config.training.batch_size)
        send(Began(describe_device(config), len(so_far.history), steps_per_epoch))

        def on_epoch(fit: Fit) -> None:
            clock.lap("train")
            write_history(folder, fit.history)
            if fit.status == "ok":
                save_checkpoint(folder, config, learner, shuffle, fit, spending.so_far)
            log.debug("%s", fit.history[-1])
            send(EpochEnded(fit.history[-1]))
            clock.lap("checkpoint")

        model = place.join(learner.model, learner.optimizer)
        try:
            outcome = _fit(config, learner._replace(model=model), splits, shuffle, so_far, on_epoch, send)
        except Exception as error:
            clock.lap("train")
            raise TrainingFailed(error, spending.so_far) from error
        clock.lap("train")
        scores, correct = assess(learner, outcome.best_weights, splits, config.training.eval_batch_size)
        clock.lap("evaluate")
        if can_explain(config) and scores:
            # A search by hand has its table to read: what a unit found must be said, too.
            write_explanation(folder, explain_model(config, learner.model, splits.val))
        clock.lap("explain")

    _save_best(folder, outcome, correct)
    return make_result(
        config,
        outcome.status,
        params_trainable=count_trainable(learner.model),
        params_keras=count_keras(learner.model),
        flops_per_sample=count_flops(config),
        num_classes=count_classes(learner.task),
        epochs=len(outcome.history),
        best_epoch=outcome.best_epoch,
        device=describe_device(config),
        **as_fields(spending.total),
        **scores,
    )


def _save_best(folder: Path, outcome: Fit, correct: Correct | None) -> None:
    """The best epoch's weights and, of a classification, what they got right; nothing where no epoch ended finite."""
    if outcome.best_weights is None:
        return
    save_weights(folder, outcome.best_weights)
    if correct:
        correct.write(folder)


def _clear(config: RunConfig, folder: Path) -> None:
    """Once nothing can be wrong with the input any more: nothing of an earlier run may pass for this one."""
    stale = [RESULT_FILE] if (folder / CHECKPOINT_FILE).exists() and not config.force else EVIDENCE
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PRUNE_FOLDER, ignore_errors=True)
    write_text(folder / CONFIG_FILE, yaml.safe_dump(config.model_dump(), sort_keys=False))


def _begin_or_continue(
    config: RunConfig, folder: Path, device: torch.device, send: Send
) -> tuple[Learner, torch.Generator, Restored | None]:
    """A learner, the generator that shuffles, and what an earlier part of this run had come to, if there was one."""
    learner, shuffle = build_learner(config, device), torch.Generator().manual_seed(config.seed)
    try:
        restored = restore_checkpoint(folder, config, learner, shuffle)
    except ValueError as error:
        note = f"its checkpoint cannot be used ({error}): set aside as {set_aside(folder).name}, starting over"
        log.warning(note)
        send(Note(note))
        return build_learner(config, device), torch.Generator().manual_seed(config.seed), None
    if restored:
        note = f"continues after epoch {len(restored.fit.history)}"
        log.info(note)
        send(Note(note))
    return learner, shuffle, restored


def _fit(
    config: RunConfig,
    learner: Learner,
    splits: Splits,
    shuffle: torch.Generator,
    so_far: Fit,
    on_epoch: Callable[[Fit], None],
    send: Send,
) -> Fit:
    steps, told = 0, time.perf_counter()

    def on_step() -> None:
        nonlocal steps, told
        steps += 1
        if (now := time.perf_counter()) - told > SECONDS_PER_UPDATE:
            told = now
            send(Stepped(steps))

    decisive = config.mgu.decisive if config.mgu else DecisiveConfig()
    epochs, steps_per_epoch = config.training.epochs, math.ceil(len(splits.train) / config.training.batch_size)
    done = len(so_far.history) * steps_per_epoch
    penalty = Decisiveness(learner.model, decisive, epochs * steps_per_epoch, done) if decisive.is_on else None
    return fit(
        learner.model,
        splits,
        learner.task,
        learner.optimizer,
        learner.schedule,
        **config.training.model_dump(exclude={"timeout"}),
        shuffle=shuffle,
        as_graph=build_graph(config, learner.optimizer),
        so_far=so_far,
        on_step=on_step,
        on_epoch=on_epoch,
        penalty=penalty,
        first_best=first_decided_epoch(decisive, epochs),
    )


def _warm_up(config: RunConfig, splits: Splits, device: torch.device) -> None:
    """A training step of toys like the run's layers, so that imports and compilation, seconds on first use, are not
    counted in its time. Units are compiled for their number of channels.
    """
    for toy, inputs in build_toys(config):
        optimizer, _ = build_optimizer(config, toy.to(device))
        toy(inputs.to(device)).sum().backward()
        optimizer.step()
    if config.engine == "compiled":
        from mgu.factory.compile import compile_ahead  # torch's compiler takes a second to import

        compile_ahead(config, splits, device)
