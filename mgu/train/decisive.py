"""Gates that come to a decision while they train, so that they can be replaced by constants.

Left alone, gates stay between their branches and vary with the input. A penalty m (1 - m) on the mean openness m is
smallest where it is 0 or 1, and a mean can be that only if every value is: it makes gates both decided and constant.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from mgu.layers.unit import MultiGatedUnit
from mgu.unit_config import DecisiveConfig
from mgu.wiring import Gate


class Decisiveness:
    """The penalty of one model: call it after each forward pass of training.

    over: what m is a mean of: the whole gate, each channel (over inputs and positions), or each element for itself.
    The weight is 0 until `start`, then grows evenly and is full from `end` on; both are shares of `steps`.
    done: how many of the steps an interrupted run has behind it.
    """

    def __init__(self, model: nn.Module, config: DecisiveConfig, steps: int, done: int = 0) -> None:
        self.config, self.steps, self.done = config, steps, done
        self._means: list[Tensor] = []
        self._units = [module for module in model.modules() if isinstance(module, MultiGatedUnit)]
        self._watch()

    @property
    def weight(self) -> float:
        """As it is now."""
        start, end, progress = self.config.start, self.config.end, self.done / self.steps
        if progress >= end:
            return self.config.weight
        return self.config.weight * max(0.0, progress - start) / (end - start)

    def __call__(self) -> Tensor:
        """The weighted sum over all gates that were computed since the last call; counts one step."""
        weight, means = self.weight, self._means
        self._means = []
        self.done += 1
        self._watch()
        return weight * sum(((m * (1 - m)).mean() for m in means), torch.zeros(()))

    def _watch(self) -> None:
        """Have the units show their gates as soon as that matters: it costs them time."""
        for unit in self._units:
            unit.watch = partial(self._see, unit) if self.weight else None

    def _see(self, unit: MultiGatedUnit, openness: dict[Gate, Tensor]) -> None:
        if unit.training:
            self._means += [_mean(gate, unit.channel_axis, self.config.over) for gate in openness.values()]


def first_decided_epoch(config: DecisiveConfig, epochs: int) -> int:
    """From 1: the first that trains under the full weight. Before it, gates are still free to vary, and score by it."""
    return min(epochs, math.ceil(config.end * epochs) + 1) if config.weight else 1


def _mean(gate: Tensor, channel_axis: int, over: str) -> Tensor:
    if over == "element":
        return gate
    channel_axis %= gate.dim()
    return gate.mean() if over == "gate" else gate.mean([axis for axis in range(gate.dim()) if axis != channel_axis])
