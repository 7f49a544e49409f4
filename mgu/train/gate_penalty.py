"""Gates that are driven to 0 or 1 while they train, so that they can be replaced by constants.

Left alone, gates stay between their branches and vary with the input. There are two remedies, which may be combined. A
penalty m (1 - m) on the mean gate value m is smallest where m is 0 or 1, and a mean is that only if every value is: the
penalty makes gates both decided and constant, if it outweighs what they gain otherwise. Annealed gates
(mgu/unit/settling.py) become constant whatever they would gain, and the loss alone decides between 0 and 1.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from mgu.config.unit import DecisiveConfig
from mgu.unit.settling import mean_over
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate


class GatePenalty:
    """Computes the penalty on the gates of a model, and sets the progress of annealed ones.

    It is called after each forward pass of training. The progress is 0 until the share `config.start` of the steps has
    been taken, then grows linearly, and is 1 from `config.end` on; the weight of the penalty is proportional to it.

    Args:
        model: The network, whose units are watched.
        config: Weight and schedule; `over` says what m is a mean of: the whole gate, each channel (over inputs and
            positions), or each element.
        steps: Number of steps of the whole training.
        done: How many of them an interrupted run has taken.
    """

    def __init__(self, model: nn.Module, config: DecisiveConfig, steps: int, done: int = 0) -> None:
        self.config, self.steps, self.done = config, steps, done
        self._means: list[Tensor] = []
        self._units = [module for module in model.modules() if isinstance(module, MultiGatedUnit)]
        self._prepare()

    @property
    def progress(self) -> float:
        """Progress of the schedule at this step, in 0..1."""
        start, end, done = self.config.start, self.config.end, self.done / self.steps
        if done < start:
            return 0.0
        return 1.0 if done >= end else (done - start) / (end - start)

    @property
    def weight(self) -> float:
        """Weight of the penalty at this step."""
        return self.config.weight * self.progress

    def __call__(self) -> Tensor:
        """Returns the weighted sum over all gates computed since the last call, (), and counts one step."""
        weight, means = self.weight, self._means
        self._means = []
        self.done += 1
        self._prepare()
        return weight * sum(((m * (1 - m)).mean() for m in means), torch.zeros(()))

    def stop(self) -> None:
        """Watches no unit any more: what is not trained is computed the shortest way."""
        for unit in self._units:
            unit.watch = None

    def _prepare(self) -> None:
        """Prepares the units for their next step; watching them costs time, so only a penalty with a weight does."""
        for unit in self._units:
            unit.watch = partial(self._watch, unit) if self.weight else None
            if unit.settling:
                unit.settling.progress = self.progress

    def _watch(self, unit: MultiGatedUnit, gate_values: dict[Gate, Tensor]) -> None:
        if unit.training:
            self._means += [mean_over(values, unit.channel_axis, self.config.over) for values in gate_values.values()]
