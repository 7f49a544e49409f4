"""A run's configuration resolved on this machine: what is looked up once and handed on to whatever is built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from mgu.config.directed import DirectedLayoutConfig
from mgu.config.run import RunConfig
from mgu.data.dataset import Dataset
from mgu.data.datasets import open_dataset
from mgu.data.shapes import Shapes
from mgu.data.splits import Splits
from mgu.factory.device import describe_device, find_device, set_up_torch
from mgu.tasks.classification import Classification
from mgu.tasks.squared import SquaredClassification
from mgu.tasks.task import Task, judged_by


@dataclass(frozen=True)
class ResolvedRun:
    """Holds a run's configuration together with the device and the data that it names.

    Attributes:
        config: The configuration of the run.
        device: Where its model is trained.
        dataset: Its data set, which is read when it is first needed.
    """

    config: RunConfig
    device: torch.device
    dataset: Dataset

    @cached_property
    def splits(self) -> Splits:
        """The data on the device. Raises UserError where they cannot be had or learned from."""
        return self.dataset.splits.to(self.device)

    @cached_property
    def task(self) -> Task:
        """Loss and metrics of the data set; directed networks learn classes by the squared error of their states."""
        task = self.dataset.task
        if isinstance(self.config.layout, DirectedLayoutConfig) and isinstance(task, Classification):
            task = SquaredClassification(task.num_classes)
        return judged_by(task, self.config.score)  # runs on the same data share a task, whatever they are trained for

    @property
    def shapes(self) -> Shapes:
        """Shapes of one example."""
        return self.dataset.shapes

    @property
    def device_name(self) -> str:
        """The device as results record it."""
        return describe_device(self.device, self.config.threads)

    def set_up_torch(self) -> None:
        """Sets threads, determinism, precision and memory for this whole process, as configured."""
        set_up_torch(self.device, self.config.threads, self.config.deterministic, self.config.tf32)


def resolve(config: RunConfig, dataset: Dataset | None = None) -> ResolvedRun:
    """Looks up what a configuration names on this machine.

    Args:
        config: The configuration of a run.
        dataset: The data set of this configuration, where it is open already and is to be shared.

    Returns:
        The resolved run; its data are not read yet.

    Raises:
        UserError: The configured GPU is not there.
    """
    return ResolvedRun(config, find_device(config.device), dataset or open_dataset(config.dataset))
