"""Gates that come to a decision while they train, so that they can be replaced by constants.

Left alone, gates stay between their branches and vary with the input. There are two means against that, which may be
joined. A penalty m (1 - m) on the mean openness m is smallest where it is 0 or 1, and a mean can be that only if every
value is: it makes gates both decided and constant, if it outweighs what they gain otherwise. Gates that settle (see
mgu/unit/settling.py) come to be constant whatever they would gain, and the loss alone decides which way.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from mgu.config.unit import DecisiveConfig
from mgu.unit.settling import mean_over
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate


class Decisiveness:
    """The penalty of one model: call it after each forward pass of training.

    over: what m is a mean of: the whole gate, each channel (over inputs and positions), or each element for itself.
    The progress is 0 until `start`, then grows evenly and is 1 from `end` on; both are shares of `steps`. It is that of
    gates that settle, and the share of the weight that the penalty has.
    done: how many of the steps an interrupted run has behind it.
    """

    def __init__(self, model: nn.Module, config: DecisiveConfig, steps: int, done: int = 0) -> None:
        self.config, self.steps, self.done = config, steps, done
        self._means: list[Tensor] = []
        self._units = [module for module in model.modules() if isinstance(module, MultiGatedUnit)]
        self._prepare()

    @property
    def progress(self) -> float:
        """As it is now, in 0..1."""
        start, end, done = self.config.start, self.config.end, self.done / self.steps
        if done < start:
            return 0.0
        return 1.0 if done >= end else (done - start) / (end - start)

    @property
    def weight(self) -> float:
        """As it is now."""
        return self.config.weight * self.progress

    def __call__(self) -> Tensor:
        """The weighted sum over all gates that were computed since the last call; counts one step."""
        weight, means = self.weight, self._means
        self._means = []
        self.done += 1
        self._prepare()
        return weight * sum(((m * (1 - m)).mean() for m in means), torch.zeros(()))

    def _prepare(self) -> None:
        """The units for their next step. They show their gates as soon as that matters: it costs them time."""
        for unit in self._units:
            unit.watch = partial(self._see, unit) if self.weight else None
            if unit.settling:
                unit.settling.progress = self.progress

    def _see(self, unit: MultiGatedUnit, openness: dict[Gate, Tensor]) -> None:
        if unit.training:
            self._means += [mean_over(gate, unit.channel_axis, self.config.over) for gate in openness.values()]


def first_decided_epoch(config: DecisiveConfig, epochs: int) -> int:
    """From 1: the first that trains under the full weight. Before it, gates are still free to vary, and score by it."""
    return min(epochs, math.ceil(config.end * epochs) + 1) if config.is_on else 1
