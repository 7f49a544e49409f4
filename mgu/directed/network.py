"""A directed graph of neurons whose states follow ds/dt = F(s), clipped to [0, 1], until they rest.

W_ij leads from neuron i to neuron j; nothing leads into inputs, a bias among them, nor from a neuron to itself.

transport  F_j = sum_i W_ij s_i - s_j (leak + sum_k W_jk)  (Farinha et al. 2020, https://arxiv.org/abs/2006.08798, with
           a leak, without which the Jacobian is singular for every W: what leaves a neuron is what others get)
additive   F_j = sum_i W_ij s_i - leak s_j  (Scellier et al. 2018, https://arxiv.org/abs/1808.04873)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.directed.field import EulerStep, VectorField, neighbours
from mgu.directed.names import FieldName, Graph
from mgu.equilibrium.solver import Solution
from mgu.equilibrium.statistics import SolverStatistics


class Dynamics(NamedTuple):
    """Holds how states move.

    Attributes:
        field: The vector field, as above.
        leak: Its leak.
        dt: Step of Euler's method, in the unit of time of the field.
        steps: Steps at most, in the free and in the nudged phase alike.
        tolerance: Largest |ds/dt| of a neuron at rest.
        start: Free states start uniform in [0, start] in training, and at start / 2 in evaluation.
        init_std: Standard deviation of initial weights.
    """

    field: FieldName = "transport"
    leak: float = 0.5
    dt: float = 0.5
    steps: int = 1000
    tolerance: float = 1e-6
    start: float = 0.0
    init_std: float = 0.2


class DirectedNetwork(nn.Module):
    """Returns the states of the output neurons at rest.

    Args:
        num_inputs: Numbers of an example; a bias of 1 is added to them.
        hidden: Neurons of each hidden layer.
        num_outputs: Output neurons, K.
        graph: complete: every neuron leads to every other one; layered: to those of the layers before and after it.
        dynamics: How states move.

    Shape:
        x: (B, *); returns (B, K).
    """

    mask: Tensor

    def __init__(
        self, num_inputs: int, hidden: Sequence[int], num_outputs: int, graph: Graph, dynamics: Dynamics
    ) -> None:
        super().__init__()
        self.num_inputs, self.num_outputs, self.dynamics = num_inputs + 1, num_outputs, dynamics
        self.layers = (*hidden, num_outputs)
        num = sum(self.layers)
        self.joined = (num,) if graph == "complete" else self.layers  # as fields have it
        self.weight = nn.Parameter(torch.empty(self.num_inputs + num, num))  # from all, to those that are no inputs
        mask = allowed(self.num_inputs, self.layers, graph)
        self.num_allowed = int(mask.sum())
        self.register_buffer("mask", mask.to(self.weight))
        self.statistics = SolverStatistics()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights."""
        with torch.no_grad():
            self.weight.normal_(0, self.dynamics.init_std).mul_(self.mask)

    def forward(self, x: Tensor) -> Tensor:
        inputs = self.with_bias(x)
        states, solution = self.relax(self.field(inputs), self.start(inputs))
        (self.statistics.train if self.training else self.statistics.evaluate).add(solution, self.dynamics.tolerance)
        return states[:, -self.num_outputs :]

    def with_bias(self, x: Tensor) -> Tensor:
        """Returns the states of the inputs, (B, inputs + 1)."""
        rows = x.flatten(1).to(self.weight.dtype)
        return torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)

    def start(self, inputs: Tensor) -> Tensor:
        """Returns the states that a free phase starts from, (B, M)."""
        shape, bound = (len(inputs), self.weight.shape[1]), self.dynamics.start
        if self.training and bound:
            return torch.rand(shape, dtype=inputs.dtype, device=inputs.device) * bound
        return inputs.new_full(shape, bound / 2)

    def split(self) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the weights from inputs, those among the others, and what each of the others loses, (M,)."""
        weight = self.weight * self.mask
        among = weight[self.num_inputs :]
        leak = torch.full_like(among[0], self.dynamics.leak)
        return weight[: self.num_inputs], among, leak + among.sum(dim=1) if self.dynamics.field == "transport" else leak

    def field(self, inputs: Tensor) -> VectorField:
        """Returns the field of the free phase.

        Args:
            inputs: States of the inputs, (B, inputs + 1).

        Returns:
            The field.
        """
        from_inputs, among, leak = self.split()
        return VectorField(inputs @ from_inputs, among, leak, self.joined)

    def relax(
        self, field: VectorField, states: Tensor, on_step: Callable[[Tensor, Tensor], None] | None = None
    ) -> tuple[Tensor, Solution]:
        """Follows a field until all neurons rest, or to the last step.

        Args:
            field: The field.
            states: Where it starts, (B, M).
            on_step: Called with the states before and after every step.

        Returns:
            The states, and the steps with the largest |ds/dt|, after clipping, of the last one.
        """
        dynamics, speed, count = self.dynamics, float("inf"), 0
        step = EulerStep(field, dynamics.dt, self.num_outputs)
        while count < dynamics.steps and speed > dynamics.tolerance:
            moved = step(states)
            speed = float((moved - states).detach().abs().max()) / dynamics.dt
            if on_step:
                on_step(states, moved)
            states, count = moved, count + 1
        return states, Solution(states, count, speed)

    @property
    def num_connections(self) -> int:
        """Number of the connections that the mask leaves, those of the bias among them."""
        return self.num_allowed if self.mask.is_meta else int(self.mask.sum())

    @property
    def num_masked(self) -> int:
        """Number of entries of the matrix that are no connections, and stay 0."""
        return self.mask.numel() - self.num_connections

    def count_dead(self) -> int:
        """Counts the hidden neurons that no other neuron leads to, the bias apart, or that lead to none."""
        hidden, is_there = sum(self.layers) - self.num_outputs, self.mask != 0
        num_others = self.num_inputs - 1
        reached = torch.cat([is_there[:num_others], is_there[self.num_inputs :]]).any(dim=0)[:hidden]
        left = is_there[self.num_inputs :].any(dim=1)[:hidden]
        return int((~reached | ~left).sum())

    @property
    def kept(self) -> float:
        """Share of the allowed connections that are still there and not 0."""
        return float(((self.weight != 0) & (self.mask != 0)).sum()) / max(self.num_allowed, 1)

    def count_products(self, iterations: float) -> float:
        """Counts floating-point operations of an example: two for each product that a step computes."""
        widths = self.joined
        among = sum(widths[at] * widths[other] for at in range(len(widths)) for other in neighbours(at, len(widths)))
        return 2 * (self.num_inputs * self.weight.shape[1] + iterations * among)


def allowed(num_inputs: int, layers: Sequence[int], graph: Graph) -> Tensor:
    """Returns which connections a graph has, in main memory: on `meta` they could not be counted.

    Args:
        num_inputs: Number of inputs, the bias among them as the last.
        layers: Neurons of each layer after them.
        graph: Its kind.

    Returns:
        Booleans (inputs + M, M), from row to column.
    """
    num = sum(layers)
    mask = torch.ones(num_inputs + num, num, dtype=torch.bool, device="cpu")
    mask[num_inputs:].fill_diagonal_(False)
    if graph == "complete":
        return mask
    of_neurons = [0] * num_inputs + [at for at, width in enumerate(layers, start=1) for _ in range(width)]
    layer_of = torch.tensor(of_neurons, device="cpu")
    distance = (layer_of[:, None] - layer_of[None, num_inputs:]).abs()
    mask &= distance == 1
    mask[num_inputs - 1] = True  # the bias leads to every neuron
    return mask
