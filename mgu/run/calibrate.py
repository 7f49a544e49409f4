"""Calibration: how fast a model trains on this machine, by a few steps on its own data in a process of its own."""

from __future__ import annotations

import time
from functools import partial

import torch

from mgu.config.run import RunConfig
from mgu.factory.augment import augment_training, build_augment_for
from mgu.factory.learner import build_learner, build_step
from mgu.factory.model import count_flops
from mgu.factory.resolved_run import resolve
from mgu.isolation import Send
from mgu.measure.energy import build_meter
from mgu.measure.recipe import recipe_of
from mgu.measure.sample import Sample, axes_of, power_of
from mgu.train.loop import evaluate, train_epoch

MIN_STEPS = 3
MIN_S = 2.0  # codecarbon needs that long for a reading


def calibrate(send: Send, config: RunConfig) -> Sample:
    """Trains for a few seconds on one batch, measures time and energy, and leaves nothing behind.

    Args:
        send: Not used.
        config: A run; energy is measured only if the run is to measure it.

    Returns:
        A sample to estimate the time and energy of such runs from.
    """
    started = time.perf_counter()
    resolved = resolve(config)
    resolved.set_up_torch()
    device, splits = resolved.device, resolved.splits
    learner = build_learner(resolved)
    batch = splits.train.subset(torch.arange(min(config.training.batch_size, len(splits.train)), device=device))
    step = build_step(config, learner, augment_training(batch, build_augment_for(resolved)))
    on_step = learner.average.update if learner.average else lambda: None
    train_batch = partial(train_epoch, step, learner.schedule, len(batch), torch.Generator(), on_step)
    train_batch()  # pays once for what later steps have
    setup_s = time.perf_counter() - started
    meter = build_meter(config.energy, device)  # probes the hardware for seconds, as the server of runs did before them
    steps, begun = 0, time.perf_counter()
    with meter:
        while steps < MIN_STEPS or time.perf_counter() - begun < MIN_S:
            train_batch()
            steps += 1
        trained = time.perf_counter()
        with learner.as_evaluated():
            evaluate(learner.model, splits.val, learner.task, config.training.eval_batch_size)
        evaluated = time.perf_counter()
    step_s, evaluate_s = (trained - begun) / steps, evaluated - trained
    power_w, power_method = power_of(meter.energy, device.type == "cuda")
    return Sample(
        dataset=config.dataset.label,
        device=resolved.device_name,
        is_unit=config.mgu is not None,
        layout=config.layout.as_list,
        axes=axes_of(config),
        recipe=recipe_of(config.model_dump(mode="json")),
        # 0: as of a model without products.
        flops=count_flops(resolved) or 0,
        epoch_s=step_s * len(splits.train) / len(batch) + evaluate_s,
        setup_s=setup_s,
        # The best weights are evaluated on every split, and the gates of a unit take about two evaluations.
        overhead_s=(4 if config.mgu else 2) * evaluate_s,
        epochs=None,
        stopped_early=False,
        power_w=power_w,
        power_method=power_method,
        source=f"calibration of {steps} steps",
    )
