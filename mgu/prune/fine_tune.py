"""Fine-tuning after gates were fixed: by the run's own protocol, with the unit as a teacher."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from mgu.config.prune import PruneConfig
from mgu.config.run import RunConfig
from mgu.config.schedules import ConstantConfig, KerasDecayConfig
from mgu.data.splits import Splits
from mgu.factory.learner import (
    build_average,
    build_fit_settings,
    build_optimizer,
    build_precise,
    build_schedule,
    build_step_options,
)
from mgu.factory.resolved_run import ResolvedRun
from mgu.prune.convert import logits_of
from mgu.prune.distill import Distillation, TaughtData
from mgu.prune.network import Network
from mgu.tasks.classification import Classification
from mgu.tasks.task import judged_by
from mgu.train.learner import Learner
from mgu.train.loop import Callbacks, Fit, fit, train_epoch
from mgu.train.order import draw_order
from mgu.train.step import Step

TENTH = 0.1  # of the first learning rate: that of fine-tuning after a schedule whose rate ends near 0


def continue_rate(config: RunConfig, steps_done: int, num_examples: int) -> RunConfig:
    """Returns a run's configuration with the learning rate and the schedule that continue from one of its steps.

    Args:
        config: The configuration of the run.
        steps_done: Number of steps that it has taken, its warm-up included.
        num_examples: Number of its training examples.

    Returns:
        The configuration, without a warm-up.
    """
    schedule, optimizer = config.schedule, config.optimizer
    warmup = round(schedule.warmup_epochs * config.training.steps_per_epoch(num_examples))
    goes_on: KerasDecayConfig | ConstantConfig
    if isinstance(schedule, KerasDecayConfig):
        so_far = 1 + schedule.decay * max(0, steps_done - warmup)
        rate = optimizer.lr / so_far
        goes_on = schedule.model_copy(update={"decay": schedule.decay / so_far, "warmup_epochs": 0.0})
    else:
        rate = optimizer.lr * (1 if isinstance(schedule, ConstantConfig) else TENTH)
        goes_on = ConstantConfig(name="constant")
    return config.model_copy(update={"optimizer": optimizer.model_copy(update={"lr": rate}), "schedule": goes_on})


class FineTuner:
    """Trains networks that were pruned from a unit, each with its own optimizer.

    Between two gates the learning rate lr / (1 + decay s) continues from the step s of the run's best epoch: from the
    start it would undo more of the unit's weights than it repairs. A rate that drops has dropped too far by then to
    repair anything, so after a cosine, steps or a plateau it is a constant tenth of the first rate. At the end there is
    more to repair than so small a rate can, so with `schedule: fresh` the run's schedule starts over, warm-up included.

    Args:
        resolved: The configuration of the run, with its device and data.
        splits: Data to train and choose on.
        steps_done: Optimizer steps up to the best epoch of the run.
        pruning: Settings of pruning.
        unit: The teacher.
        on_epoch: Function that is called after each epoch with the name of the network and the training so far.
    """

    def __init__(
        self,
        resolved: ResolvedRun,
        splits: Splits,
        steps_done: int,
        pruning: PruneConfig,
        unit: Network,
        on_epoch: Callable[[str, Fit], None] = lambda name, fit: None,
    ) -> None:
        config = resolved.config
        self.continued = continue_rate(config, steps_done, len(splits.train))
        self.last = config if pruning.schedule == "fresh" else self.continued
        self.patience, self.on_epoch = pruning.patience or config.training.patience, on_epoch
        self.splits, self.task = splits, resolved.task
        if pruning.distill:
            logits = logits_of(unit, splits.train).to(splits.train.device)
            self.splits = replace(splits, train=TaughtData(splits.train, logits))
            weights = resolved.task.class_weights if isinstance(resolved.task, Classification) else None
            task = Distillation(unit.readout.out_features, pruning.distill, pruning.temperature, weights)
            self.task = judged_by(task, resolved.task.score)
        self.shuffle = torch.Generator().manual_seed(config.seed)

    def some_batches(self, model: Network, batches: int) -> None:
        """Trains a network in place on a number of batches, which are drawn anew each time."""
        if batches:
            images, batch_size = self.splits.train, self.continued.training.batch_size
            passes = math.ceil(batches * batch_size / len(images))
            sampling = build_fit_settings(self.continued).sampling
            drawn = torch.cat([draw_order(images, sampling, self.shuffle) for _ in range(passes)])
            drawn = drawn[: batches * batch_size]
            optimizer = build_optimizer(self.continued, model)
            schedule = build_schedule(self.continued, optimizer, len(images))
            step = Step(
                model,
                images.subset(drawn.to(images.device)),
                self.task,
                optimizer,
                options=build_step_options(self.continued),
            )
            is_even = self.continued.training.has_even_batches
            train_epoch(step, schedule, batch_size, self.shuffle, even_batches=is_even)

    def epochs(self, model: Network, epochs: int, name: str) -> Fit:
        """Trains a network in place and leaves it with the weights of its best epoch on the validation data.

        Args:
            model: The network.
            epochs: Number of epochs at most.
            name: The name that `on_epoch` gets.

        Returns:
            The outcome of training.
        """
        training = self.last.training.model_copy(update={"epochs": epochs, "stop_after": None})
        config = self.last.model_copy(update={"training": training})
        optimizer = build_optimizer(config, model)
        schedule = build_schedule(config, optimizer, len(self.splits.train))
        precise = build_precise(config, model, self.splits.train)
        outcome = fit(
            Learner(model, self.task, optimizer, schedule, build_average(config, model), precise=precise),
            self.splits,
            build_fit_settings(config)._replace(patience=self.patience),
            shuffle=self.shuffle,
            callbacks=Callbacks(on_epoch=lambda so_far: self.on_epoch(name, so_far)),
        )
        if outcome.best_weights is not None:
            model.load_state_dict(outcome.best_weights)
        model.eval()
        return outcome
