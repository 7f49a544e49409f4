"""The learner of a run: model, task, optimizer and schedule."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mgu.config.run import RunConfig
from mgu.data import datasets as problem
from mgu.factory.model import build_model
from mgu.tasks.task import Task
from mgu.train.cuda_graph import ReplayedStep
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.nadam import build_nadam
from mgu.train.step import Step


class Learner(NamedTuple):
    """All that training changes or asks."""

    model: nn.Module
    task: Task
    optimizer: Optimizer
    schedule: LRScheduler


def build_learner(config: RunConfig, device: torch.device) -> Learner:
    """Seed torch with the run's seed, then build model, task and optimizer on `device`."""
    torch.manual_seed(config.seed)
    # Channels last: faster convolutions on CPUs and on tensor cores, and a layer norm without a transposition.
    model = build_model(config).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.engine == "compiled":
        model.compile()
    optimizer, schedule = build_optimizer(config, model)
    return Learner(model, problem.build_task(config.dataset), optimizer, schedule)


def build_optimizer(config: RunConfig, model: nn.Module) -> tuple[Optimizer, LRScheduler]:
    """As configured; in one pass over memory, unless the engine is a plain one and no graph is asked for."""
    values = config.optimizer.model_dump(exclude={"name"})
    one_pass = config.engine not in ("eager", "packed") or config.step == "graph"
    return build_nadam(model.parameters(), **values, one_pass=one_pass)


def build_graph(config: RunConfig, optimizer: Optimizer) -> Callable[[Step], Step | ReplayedStep]:
    """What makes a graph of a training step, where that is configured and can be had; else leaves it as it is."""
    if config.step == "eager" or not isinstance(optimizer, DeviceNAdam):
        return lambda step: step
    return partial(ReplayedStep, batch_size=config.training.batch_size, is_required=config.step == "graph")
