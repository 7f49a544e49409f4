"""Observation of the gates of a model during its own forward pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from mgu.explain.statistics import GateStatistics
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate, Wiring

NORMALISING: tuple[Gate, ...] = ("norm_or_none", "bn_or_ln", "bn_order")  # from last to first


class UnitStatistics:
    """Collects statistics of the gates of one unit.

    Args:
        unit: The unit.
    """

    def __init__(self, unit: MultiGatedUnit) -> None:
        self.unit = unit
        self.gates = {gate: GateStatistics(unit.channel_axis) for gate in unit.gate_names}
        self._weights: dict[str, Tensor] = {}

    @property
    def path_weights(self) -> dict[str, float]:
        """Mean weight of each normalising branch, adding up to 1; empty before anything was seen."""
        total = sum(weight.item() for weight in self._weights.values())
        return {branch: weight.item() / total for branch, weight in self._weights.items()}

    def see(self, gate_values: dict[Gate, Tensor]) -> None:
        """Adds the gate values of one batch (B, C, *)."""
        for gate, values in gate_values.items():
            self.gates[gate].add(values)
        for branch, weight in weigh_branches(self.unit.wiring, gate_values).items():
            self._weights[branch] = self._weights.get(branch, 0.0) + weight.sum(dtype=torch.float64)


@contextmanager
def observe(model: nn.Module) -> Iterator[dict[str, UnitStatistics]]:
    """Adds every forward pass of a model within the block to the statistics of its units.

    Args:
        model: A model with units.

    Yields:
        The statistics of each unit by its module name.
    """
    units = {name: module for name, module in model.named_modules() if isinstance(module, MultiGatedUnit)}
    statistics = {name: UnitStatistics(unit) for name, unit in units.items()}
    with ExitStack() as stack:
        for name, unit in units.items():
            stack.callback(setattr, unit, "watch", unit.watch)
            unit.watch = statistics[name].see
        yield statistics


def weigh_branches(wiring: Wiring, gates: dict[Gate, Tensor]) -> dict[str, Tensor]:
    """Computes the weights with which gates mix the four normalising branches, element by element.

    Args:
        wiring: Wiring of the unit.
        gates: Values of its gates.

    Returns:
        The weights by branch, which add up to 1.
    """
    weights: dict[str, Tensor] = {NORMALISING[0]: torch.ones_like(gates[NORMALISING[0]])}
    for gate in NORMALISING:
        weight, choice = weights.pop(gate), wiring.choices[gate]
        weights[choice.when_open] = weight * gates[gate]
        weights[choice.when_closed] = weight - weights[choice.when_open]
    return weights
