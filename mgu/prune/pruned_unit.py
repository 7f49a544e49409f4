"""A unit whose gates are constants: only the branches still in use.

A gate that is 1 or 0 wherever it matters removes the other branch and its transform. A unit with one path left becomes
a plain module: the bypass alone where it is skipped, else the Block of the grid search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate

Constants = Mapping[Gate, Tensor | float]  # gate value in 0..1: one for all channels, or one for each channel (C,)

NORMS = ("bn_before_activation", "bn_after_activation", "ln")  # names of branches and of modules of the unit


@dataclass(frozen=True)
class ActiveBranches:
    """Holds the branches that constants leave in use. Gates that no channel depends on are in neither list.

    Attributes:
        reach: By branch (see MultiGatedUnit.branches) the channels that use it, booleans (C,).
        only: By gate the one branch that it selects, for gates with no choice left.
        mixed: Gates that still choose or mix.
    """

    reach: dict[str, Tensor]
    only: dict[Gate, str]
    mixed: tuple[Gate, ...]


def prune_unit(unit: MultiGatedUnit, constants: Constants) -> nn.Module:
    """Fixes gates of a unit; a gate that is not named keeps its transform if it still matters.

    In evaluation mode the result computes what the unit would with its gates at those values.

    Args:
        unit: The unit.
        constants: Values of the gates to fix.

    Returns:
        The pruned module, which shares its parameters with the unit; the unit itself where there is nothing to fix.
    """
    if not constants:
        return unit
    active = find_active_branches(unit, constants)
    return PrunedUnit(unit, active, constants) if active.mixed else _as_plain(unit, active)


def find_active_branches(unit: MultiGatedUnit, constants: Constants) -> ActiveBranches:
    """Follows every channel from the output to the branches, gate by gate."""
    nowhere = torch.zeros(unit.num_channels, dtype=torch.bool)
    reach: dict[str, Tensor] = {"skip": ~nowhere}
    only: dict[Gate, str] = {}

    def go(channels: Tensor, *names: str) -> None:
        for name in names:
            reach[name] = reach.get(name, nowhere) | channels

    for gate in reversed(unit.gate_names):
        here, values = reach.get(gate, nowhere), _per_channel(unit, constants.get(gate, 0.5))
        taken = {
            unit.wiring.choices[gate].when_open: here & (values > 0),
            unit.wiring.choices[gate].when_closed: here & (values < 1),
        }
        branches = [name for name, channels in taken.items() if channels.any()]
        if len(branches) == 1:
            only[gate] = branches[0]
        for name in branches:
            go(taken[name], name)
        if "processed" in branches:
            go(taken["processed"], "residual" if "residual" in unit.gate_names else "norm_or_none")
        if "with_residual" in branches:
            go(taken["with_residual"], "norm_or_none", "bypass")
    mixed = tuple(gate for gate in unit.gate_names if gate in reach and gate not in only)
    return ActiveBranches(reach, only, mixed)


class PrunedUnit(nn.Module):
    """Computes a unit with some gates fixed, without the branches that are no longer used.

    A fixed mix of two branches has its gate values in a buffer `share_<gate>`; a gate that was kept has its transform.

    Args:
        unit: The unit, whose modules are shared.
        active: The branches in use.
        constants: Values of the fixed gates.

    Shape:
        x: as the unit's input, such as (B, C_in, H, W); returns the unit's output, (B, C, H, W).
    """

    def __init__(self, unit: MultiGatedUnit, active: ActiveBranches, constants: Constants) -> None:
        super().__init__()
        self.activation, self.wiring, self.active = unit.activation, unit.wiring, active
        self.num_channels, self.channel_axis = unit.num_channels, unit.channel_axis
        norms = [name for name in NORMS if name in active.reach]
        layer = ["layer"] if norms or "activated" in active.reach else []
        for name in (*layer, *(["bypass"] if "bypass" in active.reach else []), *norms):
            setattr(self, name, getattr(unit, name))
        self._processed = "residual" if "residual" in unit.gate_names else "norm_or_none"

        kept: dict[str, nn.Module] = {
            gate: unit.gate_transforms[gate] for gate in active.mixed if gate not in constants
        }
        self.settling = unit.settling if kept else None
        if kept:
            self.gate_transforms = nn.ModuleDict(kept)
        parameter = next(unit.parameters())
        after = [1] * (-1 - unit.channel_axis)  # so that (C, 1, 1) meets (B, C, H, W)
        for gate in active.mixed:
            if gate in constants:
                share = _per_channel(unit, constants[gate]).to(parameter)
                self.register_buffer(f"share_{gate}", share.view(-1, *after))

    @property
    def shares(self) -> dict[Gate, Tensor]:
        """Values of the gates with a fixed mix, by channel (C,)."""
        buffers = {gate: getattr(self, f"share_{gate}", None) for gate in self.active.mixed}
        return {gate: share.flatten() for gate, share in buffers.items() if share is not None}

    @property
    def counted_buffers(self) -> tuple[str, ...]:
        """Names of the buffers that belong to the size of a network: gate values, which gates computed before."""
        return tuple(self._buffers)

    def forward(self, x: Tensor) -> Tensor:
        return self._branch("skip", x, {})

    def _branch(self, name: str, x: Tensor, done: dict[str, Tensor]) -> Tensor:
        """Returns the output of a branch, which is computed once and only if it is used."""
        if name not in done:
            done[name] = self._mix(name, x, done) if name in self.wiring.choices else self._compute(name, x, done)
        return done[name]

    def _compute(self, name: str, x: Tensor, done: dict[str, Tensor]) -> Tensor:
        """Returns the output of a branch that is no gate, as in MultiGatedUnit.branches."""
        if name in ("layer", "bypass"):
            transformed: Tensor = getattr(self, name)(x)
            return transformed
        if name == "with_residual":
            return self._branch("norm_or_none", x, done) + self._branch("bypass", x, done)
        if name == "processed":
            return self._branch(self._processed, x, done)
        if name == "activated":
            return self.activation(self._branch("layer", x, done))
        is_after = name == "bn_after_activation" or (name == "ln" and self.wiring.ln_after_activation)
        normalised: Tensor = getattr(self, name)(self._branch("activated" if is_after else "layer", x, done))
        return normalised if is_after else self.activation(normalised)

    def _mix(self, gate: Gate, x: Tensor, done: dict[str, Tensor]) -> Tensor:
        if gate in self.active.only:
            return self._branch(self.active.only[gate], x, done)
        choice = self.wiring.choices[gate]
        when_open, when_closed = self._branch(choice.when_open, x, done), self._branch(choice.when_closed, x, done)
        value = getattr(self, f"share_{gate}", None)
        if value is None:
            z = self.gate_transforms[gate](x)
            value = torch.sigmoid(self.settling(gate, z) if self.settling else z)
        return when_closed + value * (when_open - when_closed)


def _as_plain(unit: MultiGatedUnit, active: ActiveBranches) -> nn.Module:
    """Returns the one path that is left, made of the unit's own modules."""
    if "processed" not in active.reach:
        return unit.get_submodule("bypass")
    block = Block(unit.layer, "no_norm", unit.activation)
    if "bn_before_activation" in active.reach:
        block.pre = unit.get_submodule("bn_before_activation")
    if "bn_after_activation" in active.reach:
        block.post = unit.get_submodule("bn_after_activation")
    if "ln" in active.reach and unit.wiring.ln_after_activation:
        block.post = unit.get_submodule("ln")
    elif "ln" in active.reach:
        block.pre = unit.get_submodule("ln")
    block.shortcut = unit.bypass if "bypass" in active.reach else None
    return block.train(unit.training)


def _per_channel(unit: MultiGatedUnit, value: Tensor | float) -> Tensor:
    """Returns the gate values by channel (C,) in double precision, which holds every constant exactly."""
    return torch.as_tensor(value, dtype=torch.float64).detach().cpu().expand(unit.num_channels)
