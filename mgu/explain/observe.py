"""Watch the gates of a model while it computes: the forward pass is the model's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from mgu.explain.statistics import GateStatistics
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate, Wiring

NORMALISING: tuple[Gate, ...] = ("norm_or_none", "bn_or_ln", "bn_order")  # from the last one back to the first


class UnitStatistics:
    """What was seen of one unit: `gates` by name, and in `path_weights` how much of each normalising branch was let
    through, on average: fractions that add up to 1.
    """

    def __init__(self, unit: MultiGatedUnit) -> None:
        self.unit = unit
        self.gates = {gate: GateStatistics(unit.channel_axis) for gate in unit.gate_names}
        self._weights: dict[str, Tensor] = {}

    @property
    def path_weights(self) -> dict[str, float]:
        """By name of the branch; empty before anything was seen."""
        total = sum(weight.item() for weight in self._weights.values())
        return {branch: weight.item() / total for branch, weight in self._weights.items()}

    def see(self, openness: dict[Gate, Tensor]) -> None:
        """One batch: how far each gate is open (B, C, *)."""
        for gate, values in openness.items():
            self.gates[gate].add(values)
        for branch, weight in weigh_branches(self.unit.wiring, openness).items():
            self._weights[branch] = self._weights.get(branch, 0.0) + weight.sum(dtype=torch.float64)


@contextmanager
def observe(model: nn.Module) -> Iterator[dict[str, UnitStatistics]]:
    """Within the block every forward pass of `model` is added to the statistics of its units, by their module names."""
    units = {name: module for name, module in model.named_modules() if isinstance(module, MultiGatedUnit)}
    statistics = {name: UnitStatistics(unit) for name, unit in units.items()}
    with ExitStack() as stack:
        for name, unit in units.items():
            stack.callback(setattr, unit, "watch", unit.watch)
            unit.watch = statistics[name].see
        yield statistics


def weigh_branches(wiring: Wiring, gates: dict[Gate, Tensor]) -> dict[str, Tensor]:
    """The weights with which the normalising gates mix the four branches, element by element: they add up to 1."""
    weights: dict[str, Tensor] = {NORMALISING[0]: torch.ones_like(gates[NORMALISING[0]])}
    for gate in NORMALISING:
        weight, paths = weights.pop(gate), wiring.paths[gate]
        weights[paths.when_open] = weight * gates[gate]
        weights[paths.when_closed] = weight - weights[paths.when_open]
    return weights
