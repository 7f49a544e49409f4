"""One run from its configuration to its result.json: set up, train, evaluate, measure, write."""

from __future__ import annotations

import logging
import math
import shutil
import time
import traceback
from itertools import pairwise
from pathlib import Path

import torch
import yaml
from rich.console import Console
from torch import nn

from mgu.build import Learner, build_learner, build_splits, count_flops, describe_device, find_device
from mgu.config import RunConfig
from mgu.data.images import Images, Splits
from mgu.energy import EnergyMeter, NoMeter, warm_up
from mgu.errors import UserError
from mgu.evidence import describe, log_to, run_folder, save_weights, write_history
from mgu.models.convnet import count_keras, count_trainable
from mgu.progress import Bar, Lines, Silent
from mgu.results import RESULT_FILE, Metrics, Result, Seconds, make_folder, read_result, write_result, write_text
from mgu.train.loop import Fit, evaluate, fit
from mgu.train.optim import build_nadam

log = logging.getLogger("mgu")


def run(config: RunConfig, quiet: bool) -> tuple[Result, bool]:
    """Train, measure and record one run; the result, and whether it had been there before.

    An exception in training becomes a result with status "failed". Raises UserError for what the user can put right.
    """
    folder = run_folder(config)
    if (done := _finished(config, folder)) and not config.force:
        return done, True
    is_new = not folder.exists()
    make_folder(folder)
    with log_to(folder / "log.txt"):
        try:
            result = _train_and_measure(config, folder, quiet)
        except (UserError, BrokenPipeError):  # bad input, or nobody reads on: neither is an outcome of the model
            if is_new:
                shutil.rmtree(folder)
            raise
        except Exception as error:
            log.exception("the run failed")
            result = describe(config, "failed", error="".join(traceback.format_exception_only(error)).strip())
    write_result(folder, result)
    return result, False


def _finished(config: RunConfig, folder: Path) -> Result | None:
    """The result of an earlier call, if it stands: not a failed one, nor one without the energy that is now wanted."""
    try:
        result = read_result(folder / RESULT_FILE)
    except ValueError:
        return None
    lacks_energy = config.energy.enabled and result.energy is None
    return None if result.status == "failed" or lacks_energy else result


def _start_anew(config: RunConfig, folder: Path) -> None:
    """Once nothing can be wrong with the input any more: nothing of an earlier run may pass for this one."""
    for name in (RESULT_FILE, "history.csv", "weights.safetensors"):
        (folder / name).unlink(missing_ok=True)
    write_text(folder / "config.yaml", yaml.safe_dump(config.model_dump(), sort_keys=False))


def _train_and_measure(config: RunConfig, folder: Path, quiet: bool) -> Result:
    """The windows of time lie as Seconds describes them; CUDA is waited for at every edge."""
    edges = [time.perf_counter()]
    device = find_device(config)
    splits = build_splits(config).to(device)
    _warm_up_torch(device)
    meter = _build_meter(config, device)
    log.info("%s on %s, %d training images", config.name, describe_device(device), len(splits.train))
    _start_anew(config, folder)
    edges.append(_edge(device))
    with meter:
        learner = build_learner(config, device)
        edges.append(_edge(device))
        with _display(config, len(splits.train), quiet) as display:
            outcome = _fit(config, learner, splits, folder, display)
        edges.append(_edge(device))
        scores = _evaluate_best(config, learner, outcome, splits)
        edges.append(_edge(device))

    if outcome.best_weights is not None:
        save_weights(folder, outcome.best_weights)
    setup_s, build_s, train_s, evaluate_s = (end - start for start, end in pairwise(edges))
    return describe(
        config,
        outcome.status,
        params_trainable=count_trainable(learner.model),
        params_keras=count_keras(learner.model),
        flops_per_sample=count_flops(config),
        epochs=len(outcome.history),
        best_epoch=outcome.best_epoch,
        seconds=Seconds(setup=setup_s, build=build_s, train=train_s, evaluate=evaluate_s),
        energy=meter.energy,
        device=describe_device(device),
        **scores,
    )


def _fit(config: RunConfig, learner: Learner, splits: Splits, folder: Path, display: Silent) -> Fit:
    """Train, with the history on disk after every epoch."""
    rows: list[dict[str, float]] = []

    def on_epoch(row: dict[str, float]) -> None:
        rows.append(row)
        write_history(folder, rows)
        log.debug("%s", row)
        display.epoch(row)

    return fit(
        learner.model,
        splits,
        learner.task,
        learner.optimizer,
        learner.schedule,
        **config.training.model_dump(),
        shuffle=torch.Generator().manual_seed(config.seed),
        on_step=display.step,
        on_epoch=on_epoch,
    )


def _evaluate_best(config: RunConfig, learner: Learner, outcome: Fit, splits: Splits) -> dict[str, Metrics | None]:
    """The best epoch's weights on every split; nothing for a run that diverged before its first epoch was over."""
    if outcome.best_weights is None:
        return {}
    learner.model.load_state_dict(outcome.best_weights)

    def score(images: Images | None) -> Metrics | None:
        if images is None:
            return None
        metrics = evaluate(learner.model, images, learner.task, config.training.eval_batch_size)
        loss = metrics.pop("loss")
        return Metrics(loss=loss if math.isfinite(loss) else None, **metrics)

    return {"train": score(splits.train), "val": score(splits.val), "test": score(splits.test)}


def _warm_up_torch(device: torch.device) -> None:
    """One step of a toy model: what torch imports and initialises on first use takes seconds, and is no run's doing."""
    toy = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten(), nn.Linear(4, 1)).to(device)
    optimizer, _ = build_nadam(toy.parameters(), lr=0.1, decay=0, beta1=0.9, beta2=0.999, eps=1e-7, momentum_decay=0)
    toy(torch.ones(1, 1, 4, 4, device=device)).sum().backward()
    optimizer.step()


def _build_meter(config: RunConfig, device: torch.device) -> EnergyMeter | NoMeter:
    if not config.energy.enabled:
        return NoMeter()
    warm_up(device, config.energy.country, config.energy.period_s)
    return EnergyMeter(device, config.energy.country, config.energy.period_s)


def _display(config: RunConfig, num_images: int, quiet: bool) -> Silent:
    console = Console()
    if quiet:
        return Silent()
    if not console.is_terminal:
        return Lines(config.training.epochs)
    return Bar(config.training.epochs, math.ceil(num_images / config.training.batch_size), console)


def _edge(device: torch.device) -> float:
    """The clock, once the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
