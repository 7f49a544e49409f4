"""Training that goes on after gates were fixed: by the run's own protocol, and with the unit as a teacher."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch

from mgu.config.prune import PruneConfig
from mgu.config.run import RunConfig
from mgu.data.splits import Splits
from mgu.factory.experiment import Experiment
from mgu.factory.learner import build_optimizer
from mgu.models.convnet import ConvNet
from mgu.prune.convert import logits_of
from mgu.prune.distill import Distillation, Taught
from mgu.train.learner import Learner
from mgu.train.loop import Callbacks, Fit, FitSettings, fit, train_epoch
from mgu.train.step import Step


class Tuning:
    """Trains networks that were pruned from `unit`, on `splits`, each with an optimizer of its own.

    Between two gates the learning rate lr / (1 + decay s) goes on at the step s of the run's best epoch: from its
    start, it would undo more of the unit's weights than it mends. At the end there is more to mend than so small a rate
    can, and time for it: with `schedule: fresh` it starts over.
    """

    def __init__(
        self,
        experiment: Experiment,
        splits: Splits,
        steps_done: int,
        pruning: PruneConfig,
        unit: ConvNet,
        on_epoch: Callable[[str, Fit], None] = lambda name, fit: None,
    ) -> None:
        config = experiment.config
        optimizer = config.optimizer
        so_far = 1 + optimizer.decay * steps_done
        goes_on = optimizer.model_copy(update={"lr": optimizer.lr / so_far, "decay": optimizer.decay / so_far})
        self.continued = config.model_copy(update={"optimizer": goes_on})
        self.last = config if pruning.schedule == "fresh" else self.continued
        self.patience, self.on_epoch = pruning.patience or config.training.patience, on_epoch
        self.splits, self.task = splits, experiment.task
        if pruning.distill:
            logits = logits_of(unit, splits.train).to(splits.train.device)
            self.splits = replace(splits, train=Taught(splits.train, logits))
            self.task = Distillation(unit.readout.out_features, pruning.distill, pruning.temperature)
        self.shuffle = torch.Generator().manual_seed(config.seed)

    def some_batches(self, model: ConvNet, batches: int) -> None:
        """Train on so many batches, drawn anew each time, in place."""
        if batches:
            images, batch_size = self.splits.train, self.continued.training.batch_size
            passes = math.ceil(batches * batch_size / len(images))
            drawn = torch.cat([torch.randperm(len(images), generator=self.shuffle) for _ in range(passes)])
            drawn = drawn[: batches * batch_size]
            optimizer, schedule = build_optimizer(self.continued, model)
            step = Step(model, images.subset(drawn.to(images.device)), self.task, optimizer)
            train_epoch(step, schedule, batch_size, self.shuffle)

    def epochs(self, model: ConvNet, epochs: int, name: str) -> Fit:
        """Train so many epochs, and leave the model with the weights of the best one on the validation images.

        name: what on_epoch is to call it.
        """
        optimizer, schedule = build_optimizer(self.last, model)
        training = self.last.training
        outcome = fit(
            Learner(model, self.task, optimizer, schedule),
            self.splits,
            FitSettings(epochs, training.batch_size, training.eval_batch_size, self.patience),
            shuffle=self.shuffle,
            callbacks=Callbacks(on_epoch=lambda so_far: self.on_epoch(name, so_far)),
        )
        if outcome.best_weights is not None:
            model.load_state_dict(outcome.best_weights)
        model.eval()
        return outcome


def steps_of(config: RunConfig, epochs: int, num_images: int) -> int:
    """Optimizer steps of so many epochs."""
    return epochs * math.ceil(num_images / config.training.batch_size)
