"""Gates that are annealed to constants near 0 or 1 while they train, so that the unit can be pruned to a plain network.

    gate value = sigmoid((z + p (m - z)) / T^p)

z is the output of the gate's transform, and m its mean over the whole gate or over each channel. The progress p goes
from 0, where the gate is unchanged, to 1, where it has the same value for every input and at every position, while the
temperature T < 1 sharpens the sigmoid, as in Jang et al. (2017, https://arxiv.org/abs/1611.01144) and Maddison et al.
(2017, https://arxiv.org/abs/1611.00712). The weights around the gate keep training meanwhile, and no term is added to
the loss, which alone decides between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from mgu.unit.wiring import Gate

Over = Literal["gate", "channel", "element"]
MOMENTUM = 0.1  # weight of the newest batch; a mean over so many numbers hardly varies, but moves while the unit learns


class Settling(nn.Module):
    """Anneals the gates of one unit; called with a gate's name and z, it returns the argument of the sigmoid.

    In training mode m is the batch's; in evaluation mode a running mean takes its place, as in batch normalisation, in
    the buffer `mean_<gate>`. The attribute `progress` is p: mgu/train/gate_penalty.py sets it, and it is 1 for a unit
    that has been trained.

    Args:
        gates: Names of the unit's gates.
        num_channels: Number of channels, C.
        channel_axis: Axis of the channels of z, counted from the end.
        over: What m is a mean of: the whole gate, each channel, or each element, so that only the temperature acts.
        temperature: T, in (0, 1].

    Shape:
        z: (B, C, *), or a shape that broadcasts to it; returns the same shape.
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

    @property
    def counted_buffers(self) -> tuple[str, ...]:
        """Names of the buffers that belong to the size of a network: the running means."""
        return tuple(self._buffers)

    def forward(self, gate: Gate, z: Tensor) -> Tensor:
        if not self.progress:
            return z
        annealed = z if self.over == "element" else torch.lerp(z, self._mean(gate, z), self.progress)
        return annealed / float(self.temperature**self.progress)

    def _mean(self, gate: Gate, z: Tensor) -> Tensor:
        """Returns m, (C, 1...) or (); in training mode the running mean takes it in."""
        running = self.get_buffer(f"mean_{gate}")
        if not self.training:
            return running
        mean = mean_over(z, self.channel_axis, self.over)
        if self.over == "channel":  # of a gate with one value for all channels, one mean for all of them
            mean = mean.view(-1, *running.shape[1:]).expand_as(running)
        with torch.no_grad():
            running.lerp_(mean.to(running), MOMENTUM)
        return mean


def mean_over(values: Tensor, channel_axis: int, over: Over) -> Tensor:
    """Returns the mean of a gate.

    Args:
        values: One value an element, (B, C, *).
        channel_axis: Axis of the channels.
        over: "gate", "channel" or "element".

    Returns:
        The mean over the whole gate, (); over each channel, (C,); or the values themselves.
    """
    if over == "element":
        return values
    if over == "gate":
        return values.mean()
    channel_axis %= values.dim()
    others = [axis for axis in range(values.dim()) if axis != channel_axis]
    return values.mean(others) if others else values  # torch takes a mean over no axes for one over all
