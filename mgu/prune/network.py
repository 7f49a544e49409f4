"""Gates of a whole network: which there are, and the network with some of them fixed."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.models.convnet import ConvNet
from mgu.models.mlp import MLP
from mgu.prune.pruned_unit import find_active_branches, prune_unit
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate

Network = ConvNet | MLP  # a stack of blocks and a readout


class GateId(NamedTuple):
    """Names a gate of a network.

    Attributes:
        block: Index of its block from 0.
        gate: Name of the gate.
    """

    block: int
    gate: Gate

    def __str__(self) -> str:
        return f"{self.block + 1}.{self.gate}"


Decisions = dict[GateId, Tensor | float]  # constants of fixed gates, see Constants in pruned_unit.py


def units_of(model: Network) -> dict[int, MultiGatedUnit]:
    """Returns the units of a network by the index of their block."""
    return {index: block for index, block in enumerate(model.blocks) if isinstance(block, MultiGatedUnit)}


def prune(model: Network, decisions: Decisions) -> Network:
    """Fixes gates of a network.

    Args:
        model: A network of units.
        decisions: The constants of the gates to fix.

    Returns:
        The pruned network, which shares the remaining weights with `model`.
    """
    pruned = copy.copy(model)
    pruned._modules = dict(model._modules)
    units = units_of(model)
    blocks = [
        prune_unit(units[index], _of(decisions, index)) if index in units else block
        for index, block in enumerate(model.blocks)
    ]
    return with_blocks(pruned, blocks)


def with_blocks(model: Network, blocks: Iterable[nn.Module]) -> Network:
    """Replaces the blocks of a network, in place."""
    if isinstance(model, MLP):
        model.blocks = nn.ModuleList(blocks)
    else:
        model.blocks = nn.Sequential(*blocks)
    return model


def undecided_gates(model: Network, decisions: Decisions) -> list[GateId]:
    """Returns the gates that still matter once others are fixed.

    Args:
        model: A network of units.
        decisions: The constants of the fixed gates.

    Returns:
        The gates that are not fixed and that some channel depends on.
    """
    return [
        GateId(index, gate)
        for index, unit in units_of(model).items()
        for gate in find_active_branches(unit, _of(decisions, index)).mixed
        if GateId(index, gate) not in decisions
    ]


def decisions_to_json(decisions: Decisions) -> dict[str, float | list[float]]:
    """Converts decisions for JSON: "<block from 1>.<gate>" to one number, or to one for each channel."""
    return {
        str(gate_id): value.tolist() if isinstance(value, Tensor) else value
        for gate_id, value in sorted(decisions.items())
    }


def decisions_from_json(decisions: dict[str, float | list[float]]) -> Decisions:
    """Reads what `decisions_to_json` returned."""
    read: Decisions = {}
    for name, value in decisions.items():
        block, _, gate = name.partition(".")
        constant = torch.tensor(value, dtype=torch.float64) if isinstance(value, list) else value
        read[GateId(int(block) - 1, gate)] = constant
    return read


def _of(decisions: Decisions, block: int) -> dict[Gate, Tensor | float]:
    return {gate_id.gate: value for gate_id, value in decisions.items() if gate_id.block == block}
