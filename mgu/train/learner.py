"""What training changes or asks, as one value."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn
from torch.optim import Optimizer

from mgu.tasks.task import Task
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
        rule: Fills gradients in the place of a backward pass; None: backpropagation.
        average: Running mean of the model's weights, which is evaluated in their place; None: the weights are.
    """

    model: nn.Module
    task: Task
    optimizer: Optimizer
    schedule: Schedule
    average: WeightAverage | None = None
    rule: GradientRule | None = None
