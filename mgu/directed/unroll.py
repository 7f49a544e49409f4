"""A directed network as a fixed number of steps, for what cannot stop when all neurons rest: exported graphs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.directed.field import between_neighbours, unclipped_step
from mgu.directed.network import DirectedNetwork


class Relaxed(nn.Module):
    """Follows the free field of a directed network in evaluation mode for a fixed number of steps.

    Args:
        network: The network; its weights are copied, masked, without the blocks of zeros between distant layers.
        steps: How many.

    Shape:
        x: (B, *); returns (B, K), the states of the outputs.
    """

    kept: Tensor

    def __init__(self, network: DirectedNetwork, steps: int) -> None:
        super().__init__()
        dt = network.dynamics.dt
        self.steps, self.start = steps, network.dynamics.start / 2
        self.num_outputs, self.widths = network.num_outputs, list(network.joined)
        with torch.no_grad():
            from_inputs, among, leak = network.split()
        blocks = between_neighbours(dt * among, self.widths)
        self.from_inputs = _weight(dt * from_inputs)
        self.weights = nn.ModuleList([nn.ParameterList([_weight(block) for block in of_layer]) for of_layer in blocks])
        self.register_buffer("kept", 1 - dt * leak)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(1).to(self.kept.dtype)
        inputs = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)
        drives = (inputs @ self.from_inputs).split(self.widths, dim=1)
        kept, weights = self.kept.split(self.widths), [list(of_layer.parameters()) for of_layer in self.weights]
        layers = [torch.full_like(drive, self.start) for drive in drives]
        for _ in range(self.steps):
            layers = [moved.clamp(0, 1) for moved in unclipped_step(layers, drives, kept, weights)]
        return layers[-1][:, -self.num_outputs :]


def _weight(values: Tensor) -> nn.Parameter:
    """Copies a matrix as a parameter, which int8 is to round, without a gradient."""
    return nn.Parameter(values.clone(memory_format=torch.contiguous_format), requires_grad=False)
