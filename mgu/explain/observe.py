"""Watch the gates of a model while it computes: the forward pass is the model's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from mgu.explain.statistics import GateStatistics
from mgu.layers.unit import MultiGatedUnit
from mgu.wiring import Gate, Wiring

NORMALISING: tuple[Gate, ...] = ("norm_or_none", "bn_or_ln", "bn_order")  # from the last one back to the first


class UnitStatistics:
    """What was seen of one unit: `gates` by name, and in `path_weights` how much of each normalising branch was let
    through, on average: fractions that add up to 1."""

    def __init__(self, unit: MultiGatedUnit) -> None:
        self.unit = unit
        self.gates = {gate: GateStatistics(unit.channel_axis) for gate in unit.gate_names}
        self._seen: dict[Gate, Tensor] = {}
        self._weights: dict[str, Tensor] = {}

    @property
    def path_weights(self) -> dict[str, float]:
        """By name of the branch; empty before anything was seen."""
        total = sum(weight.item() for weight in self._weights.values())
        return {branch: weight.item() / total for branch, weight in self._weights.items()}

    def see(self, gate: Gate, transformed: Tensor) -> None:
        """The output of a gate's transform."""
        self._seen[gate] = torch.sigmoid(transformed)

    def end_batch(self) -> None:
        """All gates of a batch were seen."""
        for gate, openness in self._seen.items():
            self.gates[gate].add(openness)
        for branch, weight in weigh_branches(self.unit.wiring, self._seen).items():
            self._weights[branch] = self._weights.get(branch, 0.0) + weight.sum(dtype=torch.float64)
        self._seen.clear()


@contextmanager
def observe(model: nn.Module) -> Iterator[dict[str, UnitStatistics]]:
    """Within the block every forward pass of `model` is added to the statistics of its units, by their module names.

    Gates are modules of their own in the eager engine only, which is therefore used meanwhile.
    """
    units = {name: module for name, module in model.named_modules() if isinstance(module, MultiGatedUnit)}
    statistics = {name: UnitStatistics(unit) for name, unit in units.items()}
    with ExitStack() as stack:
        for name, unit in units.items():
            stack.callback(setattr, unit, "engine", unit.engine)
            unit.engine = "eager"
            for gate in unit.gate_names:
                see = partial(_see, statistics[name], gate)
                stack.callback(unit.gate_transforms[gate].register_forward_hook(see).remove)
            stack.callback(unit.register_forward_hook(partial(_end_batch, statistics[name])).remove)
        yield statistics


def weigh_branches(wiring: Wiring, gates: dict[Gate, Tensor]) -> dict[str, Tensor]:
    """The weights with which the normalising gates mix the four branches, element by element: they add up to 1."""
    weights: dict[str, Tensor] = {NORMALISING[0]: torch.ones_like(gates[NORMALISING[0]])}
    for gate in NORMALISING:
        weight, paths = weights.pop(gate), wiring.paths[gate]
        weights[paths.when_open] = weight * gates[gate]
        weights[paths.when_closed] = weight - weights[paths.when_open]
    return weights


def _see(statistics: UnitStatistics, gate: Gate, module: nn.Module, inputs: object, output: Tensor) -> None:
    statistics.see(gate, output)


def _end_batch(statistics: UnitStatistics, module: nn.Module, inputs: object, output: Tensor) -> None:
    statistics.end_batch()
