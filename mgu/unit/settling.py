"""Gates that settle on a constant while they train, and on 0 or 1, so that a plain network can be made of the unit.

    openness = sigmoid((z + p (m - z)) / T^p)

z is what a gate's transform gives, m its mean over the whole gate or over each channel, and the progress p goes from 0,
where the gate is what it is without this, to 1, where it is as far open for every input and at every place. The
temperature T < 1 moves it to an end of the sigmoid meanwhile (Jang et al. 2017, Maddison et al. 2017). The weights
around it train on under what it comes to, and no term beside the loss says which end that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from mgu.unit.wiring import Gate

Over = Literal["gate", "channel", "element"]
MOMENTUM = 0.1  # of the newest batch: a mean over so many numbers hardly varies, but moves while the unit learns


class Settling(nn.Module):
    """Called with a gate's name and its transform's output z, it gives what the sigmoid is to be taken of.

    over: what m is a mean of; of an element it is z itself, so that only the temperature acts. In training mode m is
    the batch's; in evaluation mode a running mean takes its place, as in batch normalisation: `mean_<gate>`.
    progress (an attribute): p. It is set by mgu/train/gate_penalty.py, and 1 for a unit that is trained.
    """

    def __init__(
        self, gates: Iterable[Gate], num_channels: int, channel_axis: int, over: Over, temperature: float
    ) -> None:
        super().__init__()
        self.channel_axis, self.over, self.temperature = channel_axis, over, temperature
        self.progress = 1.0
        shape = (num_channels, *[1] * (-1 - channel_axis)) if over == "channel" else ()
        for gate in gates if over != "element" else ():
            self.register_buffer(f"mean_{gate}", torch.zeros(shape))

    def forward(self, gate: Gate, z: Tensor) -> Tensor:
        """The shape of z."""
        if not self.progress:
            return z
        settled = z if self.over == "element" else torch.lerp(z, self._mean(gate, z), self.progress)
        return settled / float(self.temperature**self.progress)

    def _mean(self, gate: Gate, z: Tensor) -> Tensor:
        running = self.get_buffer(f"mean_{gate}")
        if not self.training:
            return running
        mean = mean_over(z, self.channel_axis, self.over).view_as(running)
        with torch.no_grad():
            running.lerp_(mean.to(running), MOMENTUM)
        return mean


def mean_over(gate: Tensor, channel_axis: int, over: Over) -> Tensor:
    """(), of the whole gate; (C,), of each channel; or the gate as it is, element by element."""
    if over == "element":
        return gate
    channel_axis %= gate.dim()
    return gate.mean() if over == "gate" else gate.mean([axis for axis in range(gate.dim()) if axis != channel_axis])
