"""A directed network as a fixed number of steps, for what cannot stop when all neurons rest: exported graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.directed.field import VectorField
from mgu.directed.network import DirectedNetwork


class Relaxed(nn.Module):
    """Follows the free field of a directed network in evaluation mode for a fixed number of steps.

    Args:
        network: The network; its weights are copied, masked.
        steps: How many.

    Shape:
        x: (B, *); returns (B, K), the states of the outputs.
    """

    leak: Tensor

    def __init__(self, network: DirectedNetwork, steps: int) -> None:
        super().__init__()
        self.steps, self.dt, self.start = steps, network.dynamics.dt, network.dynamics.start / 2
        self.num_outputs, self.joined = network.num_outputs, network.joined
        with torch.no_grad():
            from_inputs, among, leak = (part.clone() for part in network.split())
        self.from_inputs = nn.Parameter(from_inputs, requires_grad=False)  # weights, which int8 is to round
        self.among = nn.Parameter(among, requires_grad=False)
        self.register_buffer("leak", leak)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(1).to(self.among.dtype)
        inputs = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)
        field = VectorField(inputs @ self.from_inputs, self.among, self.leak, self.joined)
        states = torch.full_like(field.drive, self.start)  # (B, M)
        for _ in range(self.steps):
            states = (states + self.dt * field.at(states)).clamp(0, 1)
        return states[:, -self.num_outputs :]
