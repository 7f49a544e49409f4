"""The gates of a whole network: which there are, and the network with some of them fixed."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mgu.models.convnet import ConvNet
from mgu.prune.pruned_unit import find_ways, prune_unit
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate


class Place(NamedTuple):
    """A gate by the index of its block, from 0, and its name."""

    block: int
    gate: Gate

    def __str__(self) -> str:
        return f"{self.block + 1}.{self.gate}"


Decisions = dict[Place, Tensor | float]  # see mgu/prune/pruned_unit.py


def units_of(model: ConvNet) -> dict[int, MultiGatedUnit]:
    """The units by the index of their block."""
    return {index: block for index, block in enumerate(model.blocks) if isinstance(block, MultiGatedUnit)}


def prune(model: ConvNet, decisions: Decisions) -> ConvNet:
    """`model` with the gates in `decisions` fixed. The weights that are left are shared with it."""
    pruned = copy.copy(model)
    pruned._modules = dict(model._modules)
    units = units_of(model)
    blocks = [
        prune_unit(units[index], _of(decisions, index)) if index in units else block
        for index, block in enumerate(model.blocks)
    ]
    pruned.blocks = nn.Sequential(*blocks)
    return pruned


def open_questions(model: ConvNet, decisions: Decisions) -> list[Place]:
    """The gates that are left and matter, where `decisions` are taken."""
    return [
        Place(index, gate)
        for index, unit in units_of(model).items()
        for gate in find_ways(unit, _of(decisions, index)).mixed
        if Place(index, gate) not in decisions
    ]


def as_text(decisions: Decisions) -> dict[str, float | list[float]]:
    """For JSON: `<block from 1>.<gate>` to one number, or one a channel."""
    return {
        str(place): value.tolist() if isinstance(value, Tensor) else value for place, value in sorted(decisions.items())
    }


def from_text(decisions: dict[str, float | list[float]]) -> Decisions:
    """The reverse of as_text."""
    read: Decisions = {}
    for name, value in decisions.items():
        block, _, gate = name.partition(".")
        constant = torch.tensor(value, dtype=torch.float64) if isinstance(value, list) else value
        read[Place(int(block) - 1, gate)] = constant
    return read


def _of(decisions: Decisions, block: int) -> dict[Gate, Tensor | float]:
    return {place.gate: value for place, value in decisions.items() if place.block == block}
