"""The learner of a run: model, task, optimizer and schedule."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer

from mgu.config.balance import BalanceConfig
from mgu.config.optimizers import PathSGDConfig
from mgu.config.recipe import graph_obstacle
from mgu.config.run import RunConfig
from mgu.data.splits import Data
from mgu.directed.rule import EquilibriumRule, RuleSettings
from mgu.directed.sparsify import Sparsify
from mgu.factory.model import build_model
from mgu.factory.pretrained import take_pretrained
from mgu.factory.resolved_run import ResolvedRun
from mgu.random_numbers.generators import seed_all
from mgu.train import optimizers, schedules
from mgu.train.batches import split_into_batches
from mgu.train.cuda_graph import ReplayedStep
from mgu.train.device_nadam import DeviceNAdam
from mgu.train.learner import Learner
from mgu.train.loop import FitSettings
from mgu.train.path_sgd import PathSGD, build_path_sgd
from mgu.train.path_summary import describe_kappas
from mgu.train.precise_batch_norm import PreciseBatchNorm
from mgu.train.schedules import Length, Schedule
from mgu.train.step import Step, StepOptions
from mgu.train.weight_average import WeightAverage

log = logging.getLogger(__name__)


def build_learner(resolved: ResolvedRun) -> Learner:
    """Seeds torch, NumPy and random with the run's seed, then builds model and optimizer on the device.

    Args:
        resolved: A run's configuration with its device and data.

    Returns:
        The learner before its first step.

    Raises:
        UserError: The weights to start from do not fit.
    """
    config = resolved.config
    num_examples = len(resolved.splits.train)  # reading them may draw random numbers
    seed_all(config.seed)
    # Channels last: faster convolutions on CPUs and on tensor cores, and a layer norm without a transposition.
    model = build_model(resolved).to(resolved.device).to(memory_format=torch.channels_last)
    take_pretrained(model, config)
    if config.engine == "compiled":
        model.compile()
    optimizer = build_optimizer(config, model, resolved.shapes.inputs)
    if isinstance(optimizer, PathSGD):
        log.info("at the start: %s", describe_kappas(optimizer.paths))
    schedule = build_schedule(config, optimizer, num_examples)
    average, precise = build_average(config, model), build_precise(config, model, resolved.splits.train)
    return Learner(model, resolved.task, optimizer, schedule, average, build_rule(config), precise)


def build_optimizer(config: RunConfig, model: nn.Module, shape: Sequence[int] = ()) -> Optimizer:
    """Builds the configured optimizer.

    Nadam is our fused one unless the engine is eager or packed and step is not graph.

    Args:
        config: The configuration of a run.
        model: Where it will be trained; its device decides on the implementation.
        shape: Shape of an example, without the batch, for an optimizer that looks into the model.

    Returns:
        The optimizer of all its parameters.
    """
    if isinstance(config.optimizer, PathSGDConfig):
        return build_path_sgd(config.optimizer, model, shape)
    one_pass = config.engine not in ("eager", "packed") or config.step == "graph"
    return optimizers.build_optimizer(config.optimizer, model.parameters(), one_pass)


def build_average(config: RunConfig, model: nn.Module) -> WeightAverage | None:
    """Builds the configured running mean of the weights of a model.

    Args:
        config: The configuration of a run.
        model: The model, on its device.

    Returns:
        The mean before the first step; None where none is configured.
    """
    decay = config.training.ema
    return None if decay is None else WeightAverage(model.parameters(), decay)


def build_precise(config: RunConfig, model: nn.Module, data: Data) -> PreciseBatchNorm | None:
    """Builds what computes the statistics of a model's norms anew before every evaluation.

    Args:
        config: The configuration of a run.
        model: The model, on its device.
        data: Its training examples there, not augmented.

    Returns:
        The statistics; None where the running ones are to be evaluated.
    """
    num_examples = config.training.precise_bn
    return None if num_examples is None else PreciseBatchNorm(model, data, num_examples, config.training.batch_size)


def build_rule(config: RunConfig) -> EquilibriumRule | None:
    """Builds what fills the gradients in the place of a backward pass.

    Args:
        config: The configuration of a run.

    Returns:
        The rule; None for backpropagation.
    """
    learning = config.learning
    if learning is None:
        return None
    weak = Sparsify(learning.sparsify, learning.sparsify_tolerance, learning.sparsify_temperature)
    settings = RuleSettings(learning.rule, learning.correction, learning.strength, learning.l1, weak)
    return EquilibriumRule(settings)


def build_schedule(config: RunConfig, optimizer: Optimizer, num_examples: int) -> Schedule:
    """Builds the configured schedule of the learning rate.

    Args:
        config: The configuration of a run.
        optimizer: Its optimizer.
        num_examples: Number of its training examples.

    Returns:
        The schedule before the first step.
    """
    length = Length(config.training.epochs, config.training.steps_per_epoch(num_examples))
    return schedules.build_schedule(config.schedule, optimizer, length, config.score)


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
        training.epochs_now,
        training.batch_size,
        training.eval_batch_size,
        training.patience,
        first_best,
        even_batches=training.has_even_batches,
        keep_last=training.select == "last",
        options=build_step_options(config),
        sampling=config.dataset.sampling if isinstance(config.dataset, BalanceConfig) else "shuffled",
    )


def build_step_options(config: RunConfig) -> StepOptions:
    """Returns what the configured recipe changes in a training step.

    Args:
        config: The configuration of a run.

    Returns:
        Label smoothing, clipping of the gradient's norm, and precision.
    """
    training = config.training
    return StepOptions(training.label_smoothing, training.clip_norm, training.precision)


def build_step(config: RunConfig, learner: Learner, data: Data) -> Step | ReplayedStep:
    """Builds what trains on some data as the run does, but for a penalty of gates.

    Args:
        config: The configuration of a run.
        learner: What is trained.
        data: Training examples on the device of the model.

    Returns:
        What is to be called for every batch.
    """
    options = build_step_options(config)
    step = Step(learner.model, data, learner.task, learner.optimizer, options=options, rule=learner.rule)
    return build_step_wrapper(config, learner.optimizer)(step)


def build_step_wrapper(config: RunConfig, optimizer: Optimizer) -> Callable[[Step], Step | ReplayedStep]:
    """Returns a function that wraps a training step in a CUDA graph, where that is configured and possible.

    Args:
        config: The configuration of a run.
        optimizer: The one that the step uses.

    Returns:
        A function from a step to the step that is to be called; it returns other steps as they are.
    """
    reason = graph_obstacle(config)
    if config.step == "eager" or reason or not isinstance(optimizer, DeviceNAdam):
        if config.step == "auto" and reason:
            log.info("training steps are no CUDA graph with %s", reason)
        return lambda step: step
    return partial(_replayed, config=config)


def _replayed(step: Step, config: RunConfig) -> ReplayedStep:
    """Wraps a step in CUDA graphs, one for each size of batch that an epoch has many of."""
    training = config.training
    batches = split_into_batches(torch.arange(len(step.data)), training.batch_size, training.has_even_batches)
    counts = Counter(map(len, batches))
    common = {size for size, count in counts.items() if count > 1 or len(counts) == 1}
    return ReplayedStep(step, common, is_required=config.step == "graph")
