"""Schedules of the learning rate, by the numbers of torch's schedulers.

A schedule is stepped after every batch, and told the validation score after every epoch. Warm-up is linear, from
lr / (w + 1) to lr over w steps, as by torch's LinearLR; the schedule proper counts from its end. It is one function of
the step, not a SequentialLR, which steps its parts on each other's rates and warns when it is resumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LinearLR, ReduceLROnPlateau

from mgu.config.schedules import (
    AnySchedule,
    ConstantConfig,
    CosineConfig,
    KerasDecayConfig,
    PlateauConfig,
    PythonScheduleConfig,
    StepConfig,
)
from mgu.tasks.score import Score
from mgu.train.own_schedule import import_factor


class Schedule(Protocol):
    """Sets the learning rate of an optimizer."""

    def step(self) -> None:
        """Sets the rate of the next batch."""
        ...

    def end_epoch(self, score: float) -> None:
        """Takes the validation score of an epoch."""
        ...

    def get_last_lr(self) -> Sequence[float | Tensor]:
        """Returns the present rate of each group of parameters."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Returns all that changes, as plain values."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a state."""
        ...


class Length(NamedTuple):
    """Holds how long training is at most.

    Attributes:
        epochs: Number of epochs.
        steps_per_epoch: Number of batches of each.
    """

    epochs: int
    steps_per_epoch: int


class StepwiseSchedule:
    """Sets the rate by the number of the step alone, as torch's LambdaLR does, whose checks would be most of the work.

    Args:
        optimizer: Whose rate it sets, from the one that it has; there, torch's schedulers keep it as `initial_lr`.
        factor: Factor of the rate by the number of steps taken.
    """

    def __init__(self, optimizer: Optimizer, factor: Callable[[int], float]) -> None:
        self.optimizer, self.factor = optimizer, factor
        self.initial = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self.steps = -1
        self.step()  # the rate of the first batch

    def step(self) -> None:
        """Sets the rate of the next batch."""
        self.steps += 1
        factor = self.factor(self.steps)
        for group, initial in zip(self.optimizer.param_groups, self.initial, strict=True):
            group["lr"] = initial * factor

    def end_epoch(self, score: float) -> None:
        """Does nothing."""

    def get_last_lr(self) -> list[float]:
        """Returns the present rate of each group of parameters."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Returns the number of steps and the initial rates, by the names of LambdaLR."""
        return {"last_epoch": self.steps, "base_lrs": self.initial}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a state, also from one of LambdaLR; the optimizer's own holds the rate."""
        self.steps, self.initial = state_dict["last_epoch"], state_dict["base_lrs"]


class PlateauSchedule(LinearLR):
    """Warms up, then lowers the rate by torch's ReduceLROnPlateau where the validation score gets no better.

    Patience counts as that of training does: an equal score is no improvement, and `patience` epochs without one are
    enough. torch has a threshold, and waits for one more.

    Args:
        optimizer: Whose rate it sets.
        config: Patience and factor.
        warmup_steps: Number of steps of the warm-up; scores of epochs within it do not count.
        score: Which way is better.
    """

    def __init__(self, optimizer: Optimizer, config: PlateauConfig, warmup_steps: int, score: Score) -> None:
        super().__init__(optimizer, 1 / (warmup_steps + 1), total_iters=warmup_steps)
        mode: Literal["min", "max"] = "max" if score.is_better(1.0, 0.0) else "min"
        self.drops = ReduceLROnPlateau(optimizer, mode, config.factor, config.patience - 1, threshold=0.0, eps=0.0)

    def end_epoch(self, score: float) -> None:
        """Lowers the rate if it is time."""
        if self.last_epoch >= self.total_iters:
            self.drops.step(score)
            self._last_lr = self.drops.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """Returns the states of warm-up and drops."""
        state = {key: value for key, value in super().state_dict().items() if key != "drops"}
        return {"warmup": state, "drops": self.drops.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues from a state; the optimizer's own holds the rate."""
        super().load_state_dict(state_dict["warmup"])
        self.drops.load_state_dict(state_dict["drops"])


def build_schedule(config: AnySchedule, optimizer: Optimizer, length: Length, score: Score) -> Schedule:
    """Builds the configured schedule.

    Args:
        config: Its kind and values.
        optimizer: Whose learning rate it sets, from the one that the optimizer has.
        length: How long training is at most.
        score: The validation score, for a plateau.

    Returns:
        The schedule before the first step.
    """
    warmup = round(config.warmup_epochs * length.steps_per_epoch)
    if isinstance(config, PlateauConfig):
        return PlateauSchedule(optimizer, config, warmup, score)
    factor = factor_of(config, length, warmup)
    if not warmup:
        return StepwiseSchedule(optimizer, factor)
    return StepwiseSchedule(
        optimizer, lambda step: (step + 1) / (warmup + 1) if step < warmup else factor(step - warmup)
    )


def factor_of(
    config: KerasDecayConfig | ConstantConfig | CosineConfig | StepConfig | PythonScheduleConfig,
    length: Length,
    warmup: int,
) -> Callable[[int], float]:
    """Returns the factor of the learning rate as a function of the steps since the end of the warm-up.

    Args:
        config: The schedule.
        length: How long training is at most; a cosine and one of the user's take what the warm-up leaves of it.
        warmup: Number of steps of the warm-up.

    Returns:
        The function from a number of steps, from 0.
    """
    if isinstance(config, KerasDecayConfig):
        return lambda step: 1.0 / (1.0 + config.decay * step)
    if isinstance(config, StepConfig):
        interval = max(1, round(config.every_epochs * length.steps_per_epoch))
        return lambda step: config.factor ** (step // interval)
    total = max(1, length.epochs * length.steps_per_epoch - warmup)
    if isinstance(config, PythonScheduleConfig):
        return import_factor(config, total, length.steps_per_epoch)
    if isinstance(config, CosineConfig):
        return lambda step: config.final + (1 - config.final) * (1 + math.cos(math.pi * min(1.0, step / total))) / 2
    return lambda step: 1.0
