"""One run from its configuration to its result.json: set up, train, evaluate, measure, write. In a process of its own.

It continues from the checkpoint that an interrupted call left, and tells its caller how it gets on by `send`: see
mgu/progress.py for the events.
"""

from __future__ import annotations

import logging
import math
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
import torch
import yaml

from mgu.build import (
    Learner,
    build_learner,
    build_optimizer,
    build_splits,
    build_toys,
    check_engine,
    count_flops,
    describe_device,
    find_device,
    set_up_torch,
)
from mgu.checkpoint import Restored, restore_checkpoint, save_checkpoint, save_weights, set_aside
from mgu.config import RunConfig
from mgu.data.splits import Data, Splits
from mgu.energy import build_meter
from mgu.errors import UserError
from mgu.evidence import describe, log_to, write_history
from mgu.isolation import Send
from mgu.models.convnet import count_keras, count_trainable
from mgu.presence import Presence
from mgu.results import HISTORY_FILE, RESULT_FILE, Metrics, Result, Seconds, write_result, write_text
from mgu.spent import WINDOWS, Spent
from mgu.state import CHECKPOINT_FILE, run_folder
from mgu.train.loop import Fit, evaluate, fit

log = logging.getLogger("mgu")

EVIDENCE = (RESULT_FILE, CHECKPOINT_FILE, HISTORY_FILE, "weights.safetensors")
SECONDS_PER_UPDATE = 0.2  # between two words about the steps: a bar redrawn every step would cost small models time


def run_isolated(send: Send, config: RunConfig) -> Result:
    """`run`, with what libraries print in the run's log: the terminal is the caller's."""
    with (run_folder(config) / "log.txt").open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    return run(config, send)


def run(config: RunConfig, send: Send = lambda *event: None) -> Result:
    """Train, or go on training, measure and record one run. The caller holds the lock of its folder, which is there.

    An exception in training becomes a result with status "failed". Raises UserError for what the user can put right.
    """
    folder = run_folder(config)
    for torn in folder.glob(".*.part"):  # of a process that was killed while it wrote
        torn.unlink(missing_ok=True)
    with log_to(folder / "log.txt"):
        try:
            result = _train_and_measure(config, folder, send)
        except UserError:  # is no outcome of the model
            raise
        except Exception as error:
            log.exception("the run failed")
            result = describe(config, "failed", error="".join(traceback.format_exception_only(error)).strip())
    write_result(folder, result)
    if result.status != "failed":  # what failed may go on from here once its cause is gone
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return result


class _Clock:
    """Adds up the windows of time as Seconds describes them; CUDA is waited for at every edge."""

    def __init__(self) -> None:
        self.device = torch.device("cpu")
        self._seconds = dict.fromkeys(WINDOWS, 0.0)
        self._edge = time.perf_counter()

    def lap(self, window: str) -> None:
        """What has gone by since the last call belongs to `window`."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        self._seconds[window] += now - self._edge
        self._edge = now

    @property
    def seconds(self) -> Seconds:
        return Seconds(**self._seconds)


def _train_and_measure(config: RunConfig, folder: Path, send: Send) -> Result:
    clock = _Clock()
    set_up_torch(config)
    device = clock.device = find_device(config)
    check_engine(config)
    splits = build_splits(config).to(device)
    _warm_up(config, device)
    meter = build_meter(config.energy, device)
    log.info("%s on %s, %d training examples", config.name, describe_device(config), len(splits.train))
    _clear(config, folder)
    with Presence() as presence, meter:
        clock.lap("setup")
        learner, shuffle, earlier = _begin_or_continue(config, folder, device, send)
        clock.lap("build")
        so_far = earlier.fit if earlier else Fit()
        steps_per_epoch = math.ceil(len(splits.train) / config.training.batch_size)
        send("began", describe_device(config), len(so_far.history), steps_per_epoch)

        def on_epoch(fit: Fit) -> None:
            clock.lap("train")
            write_history(folder, fit.history)
            if fit.status == "ok":
                spent = _add(earlier, Spent(clock.seconds, meter.so_far(), presence.look()))
                save_checkpoint(folder, config, learner, shuffle, fit, spent)
            log.debug("%s", fit.history[-1])
            send("epoch", fit.history[-1])
            clock.lap("checkpoint")

        outcome = _fit(config, learner, splits, shuffle, so_far, on_epoch, send)
        clock.lap("train")
        scores = _evaluate_best(config, learner, outcome, splits)
        clock.lap("evaluate")
    spent = _add(earlier, Spent(clock.seconds, meter.energy, presence.contended))

    if outcome.best_weights is not None:
        save_weights(folder, outcome.best_weights)
    return describe(
        config,
        outcome.status,
        params_trainable=count_trainable(learner.model),
        params_keras=count_keras(learner.model),
        flops_per_sample=count_flops(config),
        epochs=len(outcome.history),
        best_epoch=outcome.best_epoch,
        seconds=spent.seconds,
        energy=spent.energy,
        contended=spent.contended,
        resumed=spent.resumed,
        device=describe_device(config),
        **scores,
    )


def _clear(config: RunConfig, folder: Path) -> None:
    """Once nothing can be wrong with the input any more: nothing of an earlier run may pass for this one."""
    stale = [RESULT_FILE] if (folder / CHECKPOINT_FILE).exists() and not config.force else EVIDENCE
    for name in stale:
        (folder / name).unlink(missing_ok=True)
    write_text(folder / "config.yaml", yaml.safe_dump(config.model_dump(), sort_keys=False))


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
        send("note", note)
        return build_learner(config, device), torch.Generator().manual_seed(config.seed), None
    if restored:
        note = f"continues after epoch {len(restored.fit.history)}"
        log.info(note)
        send("note", note)
    return learner, shuffle, restored


def _add(earlier: Restored | None, part: Spent) -> Spent:
    return earlier.spent + msgspec.structs.replace(part, resumed=1) if earlier else part


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
            send("steps", steps)

    return fit(
        learner.model,
        splits,
        learner.task,
        learner.optimizer,
        learner.schedule,
        **config.training.model_dump(exclude={"timeout"}),
        shuffle=shuffle,
        so_far=so_far,
        on_step=on_step,
        on_epoch=on_epoch,
    )


def _evaluate_best(config: RunConfig, learner: Learner, outcome: Fit, splits: Splits) -> dict[str, Metrics | None]:
    """The best epoch's weights on every split; nothing for a run that diverged before its first epoch was over."""
    if outcome.best_weights is None:
        return {}
    learner.model.load_state_dict(outcome.best_weights)

    def score(data: Data | None) -> Metrics | None:
        if data is None:
            return None
        metrics = evaluate(learner.model, data, learner.task, config.training.eval_batch_size)
        loss = metrics.pop("loss")
        return Metrics(loss=loss if math.isfinite(loss) else None, **metrics)

    return {"train": score(splits.train), "val": score(splits.val), "test": score(splits.test)}


def _warm_up(config: RunConfig, device: torch.device) -> None:
    """A step of toys like the run's layers: what is imported, initialised or compiled on first use is no run's doing,
    and takes seconds. Units are compiled for their number of channels."""
    for toy, inputs in build_toys(config):
        optimizer, _ = build_optimizer(config, toy.to(device))
        toy(inputs.to(device)).sum().backward()
        optimizer.step()
