"""What training changes or asks, as one value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from torch import nn
from torch.optim import Optimizer

from mgu.tasks.task import Task
from mgu.train.precise_batch_norm import PreciseBatchNorm
from mgu.train.schedules import Schedule
from mgu.train.step import GradientRule
from mgu.train.weight_average import WeightAverage


class Learner(NamedTuple):
    """Holds a model with all that trains it.

    Attributes:
        model: The network; inputs and outputs have the shapes of the data set.
        task: Loss, metrics and the score to select by.
        optimizer: Optimizer of the model's parameters.
        schedule: Schedule of the learning rate, stepped once a batch, told the score once an epoch.
        average: Running mean of the model's weights, which is evaluated in their place; None: the weights are.
        rule: Fills gradients in the place of a backward pass; None: backpropagation.
        precise: Statistics of norms, which are evaluated in the place of running ones; None: the running ones are.
    """

    model: nn.Module
    task: Task
    optimizer: Optimizer
    schedule: Schedule
    average: WeightAverage | None = None
    rule: GradientRule | None = None
    precise: PreciseBatchNorm | None = None

    @property
    def evaluates_as_trained(self) -> bool:
        """Whether the model is evaluated with the weights and statistics that the last step left."""
        return not (self.average or self.precise)

    @contextmanager
    def as_evaluated(self) -> Iterator[None]:
        """Gives the model within the block what it is evaluated with: averaged weights, statistics by these weights."""
        with ExitStack() as stack:
            if self.average:
                stack.enter_context(self.average.in_place())
            if self.precise:
                stack.enter_context(self.precise.in_place())
            yield
