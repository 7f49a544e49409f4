"""An exponential moving average of the weights, which is evaluated in their place.

A last epoch of noisy steps is averaged away without a schedule that ends near 0 (Polyak and Juditsky 1992,
https://doi.org/10.1137/0330046; Izmailov et al. 2018, https://arxiv.org/abs/1803.05407, average at a constant rate).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """Averages parameters by torch's function: a <- d a + (1 - d) w, with d = min(decay, (1 + t) / (10 + t)).

    The ramp lets the average forget the initial weights in short trainings; t counts steps from 0. Buffers, such as
    running statistics, are averages already and stay as they are. It is no AveragedModel, whose counter lies on the
    device and makes every step wait for it, and whose copy of the model would be neither compiled nor packed: here the
    same model gets the averages for the time of an evaluation.

    Args:
        parameters: What is averaged.
        decay: Decay by step, in (0, 1).
    """

    def __init__(self, parameters: Iterable[nn.Parameter], decay: float) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.decay, self.count = decay, 0
        self.averages = [parameter.detach().clone() for parameter in self.parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Takes the weights after a step into the average; does not wait for the device."""
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        get_ema_multi_avg_fn(decay)(self.averages, [p.detach() for p in self.parameters], None)
        self.count += 1

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Gives the parameters the averages within the block, at the addresses that they always have."""
        with torch.no_grad():
            live = [parameter.detach().clone() for parameter in self.parameters]
            torch._foreach_copy_(self.parameters, self.averages)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self.parameters, live)

    def state_dict(self) -> dict[str, Any]:
        """Returns the averages and the number of steps."""
        return {"count": self.count, "averages": self.averages}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues from a state. Raises ValueError for that of another model."""
        if len(state["averages"]) != len(self.averages):
            raise ValueError("the averaged weights are of another model")
        self.count = int(state["count"])
        for average, saved in zip(self.averages, state["averages"], strict=True):
            average.copy_(saved)
