"""Training that goes on after gates were fixed: by the run's own protocol, from where its best epoch stood."""

from __future__ import annotations

import math

import torch

from mgu.build import build_optimizer
from mgu.config import RunConfig
from mgu.data.splits import Data, Splits
from mgu.models.convnet import ConvNet
from mgu.problem import build_task
from mgu.train.loop import Fit, fit, train_epoch
from mgu.train.step import Step


class Tuning:
    """Trains networks that were pruned from one run's, on `splits`, each with an optimizer of its own.

    The learning rate lr / (1 + decay s) goes on at the step s of the run's best epoch: from its start, it would undo
    more of the unit's weights than it mends.
    """

    def __init__(self, config: RunConfig, splits: Splits, steps_done: int) -> None:
        optimizer = config.optimizer
        so_far = 1 + optimizer.decay * steps_done
        goes_on = optimizer.model_copy(update={"lr": optimizer.lr / so_far, "decay": optimizer.decay / so_far})
        self.config = config.model_copy(update={"optimizer": goes_on})
        self.splits = splits
        self.task = build_task(config.dataset)
        self.batch_size = config.training.batch_size
        self.shuffle = torch.Generator().manual_seed(config.seed)

    def some_batches(self, model: ConvNet, batches: int) -> None:
        """Train on so many batches, drawn anew each time, in place."""
        if batches:
            images = self.splits.train
            drawn = torch.randperm(len(images), generator=self.shuffle)[: batches * self.batch_size]
            self._epoch(model, images.subset(drawn.to(images.device)))

    def epochs(self, model: ConvNet, epochs: int) -> Fit:
        """Train so many epochs, and leave the model with the weights of the best one on the validation images."""
        optimizer, schedule = build_optimizer(self.config, model)
        training = self.config.training.model_dump(exclude={"timeout", "epochs"})
        outcome = fit(
            *(model, self.splits, self.task, optimizer, schedule),
            epochs=epochs,
            **training,
            shuffle=self.shuffle,
        )
        if outcome.best_weights is not None:
            model.load_state_dict(outcome.best_weights)
        model.eval()
        return outcome

    def _epoch(self, model: ConvNet, images: Data) -> None:
        optimizer, schedule = build_optimizer(self.config, model)
        train_epoch(Step(model, images, self.task, optimizer), schedule, self.batch_size, self.shuffle)


def steps_of(config: RunConfig, epochs: int, num_images: int) -> int:
    """Optimizer steps of so many epochs."""
    return epochs * math.ceil(num_images / config.training.batch_size)
