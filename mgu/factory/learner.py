"""The learner of a run: model, task, optimizer and schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mgu.config.balance import BalanceConfig
from mgu.config.run import RunConfig
from mgu.factory.model import build_model
from mgu.factory.resolved_run import ResolvedRun
from mgu.train.batches import split_into_batches
from mgu.train.cuda_graph import ReplayedStep
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.learner import Learner
from mgu.train.loop import FitSettings
from mgu.train.nadam import build_nadam
from mgu.train.step import Step


def build_learner(resolved: ResolvedRun) -> Learner:
    """Seeds torch with the run's seed, then builds model and optimizer on the device.

    Args:
        resolved: A run's configuration with its device and data.

    Returns:
        The learner before its first step.
    """
    config = resolved.config
    torch.manual_seed(config.seed)
    # Channels last: faster convolutions on CPUs and on tensor cores, and a layer norm without a transposition.
    model: nn.Module = build_model(resolved).to(  # type: ignore[call-overload]
        device=resolved.device, memory_format=torch.channels_last
    )
    if config.engine == "compiled":
        model.compile()
    optimizer, schedule = build_optimizer(config, model)
    return Learner(model, resolved.task, optimizer, schedule)


def build_optimizer(config: RunConfig, model: nn.Module) -> tuple[Optimizer, LRScheduler]:
    """Builds the configured optimizer.

    Uses the fused Nadam unless the engine is eager or packed and step is not graph.

    Args:
        config: The configuration of a run.
        model: Where it will be trained; its device decides on the implementation.

    Returns:
        The optimizer of all its parameters, and the schedule of the learning rate.
    """
    values = config.optimizer
    return build_nadam(
        model.parameters(),
        lr=values.lr,
        decay=values.decay,
        beta1=values.beta1,
        beta2=values.beta2,
        eps=values.eps,
        momentum_decay=values.momentum_decay,
        one_pass=config.engine not in ("eager", "packed") or config.step == "graph",
    )


def build_fit_settings(config: RunConfig, first_best: int = 1) -> FitSettings:
    """Returns how long the run trains, and on batches of which size.

    Args:
        config: The configuration of a run.
        first_best: The first epoch that can be the best one.

    Returns:
        The settings of `fit`.
    """
    training = config.training
    return FitSettings(
        training.epochs,
        training.batch_size,
        training.eval_batch_size,
        training.patience,
        first_best,
        even_batches=training.has_even_batches,
        sampling=config.dataset.sampling if isinstance(config.dataset, BalanceConfig) else "shuffled",
    )


def build_step_wrapper(config: RunConfig, optimizer: Optimizer) -> Callable[[Step], Step | ReplayedStep]:
    """Returns a function that wraps a training step in a CUDA graph, where that is configured and possible.

    Args:
        config: The configuration of a run.
        optimizer: The one that the step uses.

    Returns:
        A function from a step to the step that is to be called; it returns other steps as they are.
    """
    if config.step == "eager" or not isinstance(optimizer, DeviceNAdam):
        return lambda step: step
    return partial(_replayed, config=config)


def _replayed(step: Step, config: RunConfig) -> ReplayedStep:
    """Wraps a step in CUDA graphs, one for each size of batch that an epoch has many of."""
    training = config.training
    batches = split_into_batches(torch.arange(len(step.data)), training.batch_size, training.has_even_batches)
    counts = Counter(map(len, batches))
    common = {size for size, count in counts.items() if count > 1 or len(counts) == 1}
    return ReplayedStep(step, common, is_required=config.step == "graph")
