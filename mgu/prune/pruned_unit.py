"""What is left of a unit once gates are replaced by constants: the branches that some channel still takes.

A gate that is 1 or 0 wherever it matters removes the other branch with its transform. A unit of which one way is left
becomes that way as a plain module: the layer alone where it is skipped, else the Block of the grid search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.unit.unit import MultiGatedUnit
from mgu.unit.wiring import Gate

Constants = Mapping[Gate, Tensor | float]  # how far a gate is open, in 0..1: for all channels, or one a channel (C,)

NORMS = ("bn_before_activation", "bn_after_activation", "ln")  # branches, and modules, of the unit


@dataclass(frozen=True)
class Ways:
    """What constants leave of a unit.

    reach: by the name of a branch (see MultiGatedUnit.branches) the channels that take it, booleans (C,).
    only: by gate the one branch that it lets through, for gates with no choice left.
    mixed: gates that still choose or mix. Gates that no channel reaches are in neither.
    """

    reach: dict[str, Tensor]
    only: dict[Gate, str]
    mixed: tuple[Gate, ...]


def prune_unit(unit: MultiGatedUnit, constants: Constants) -> nn.Module:
    """`unit` with the gates of `constants` fixed; one that is not named keeps its transform, if it still matters.

    Parameters are the unit's own, not copies. In evaluation mode the result computes what the unit would with its
    gates at those values. Returns the unit itself where there is nothing to fix.
    """
    if not constants:
        return unit
    ways = find_ways(unit, constants)
    return PrunedUnit(unit, ways, constants) if ways.mixed else _as_plain(unit, ways)


def find_ways(unit: MultiGatedUnit, constants: Constants) -> Ways:
    """Follow every channel from the output to the branches, gate by gate."""
    nowhere = torch.zeros(unit.num_channels, dtype=torch.bool)
    reach: dict[str, Tensor] = {"skip": ~nowhere}
    only: dict[Gate, str] = {}

    def go(channels: Tensor, *names: str) -> None:
        for name in names:
            reach[name] = reach.get(name, nowhere) | channels

    for gate in reversed(unit.gate_names):
        here, openness = reach.get(gate, nowhere), _per_channel(unit, constants.get(gate, 0.5))
        taken = {
            unit.wiring.paths[gate].when_open: here & (openness > 0),
            unit.wiring.paths[gate].when_closed: here & (openness < 1),
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
    return Ways(reach, only, mixed)


class PrunedUnit(nn.Module):
    """A unit with some gates fixed, which computes what is left and no more; input and output have the unit's shapes.

    A fixed mix of two branches has its shares in a buffer `share_<gate>`; a gate that was kept has its transform.
    """

    def __init__(self, unit: MultiGatedUnit, ways: Ways, constants: Constants) -> None:
        super().__init__()
        self.activation, self.wiring, self.ways = unit.activation, unit.wiring, ways
        self.num_channels, self.channel_axis = unit.num_channels, unit.channel_axis
        norms = [name for name in NORMS if name in ways.reach]
        layer = ["layer"] if norms or "activated" in ways.reach else []
        for name in (*layer, *(["bypass"] if "bypass" in ways.reach else []), *norms):
            setattr(self, name, getattr(unit, name))
        self._processed = "residual" if "residual" in unit.gate_names else "norm_or_none"

        kept: dict[str, nn.Module] = {gate: unit.gate_transforms[gate] for gate in ways.mixed if gate not in constants}
        self.settling = unit.settling if kept else None
        if kept:
            self.gate_transforms = nn.ModuleDict(kept)
        parameter = next(unit.parameters())
        after = [1] * (-1 - unit.channel_axis)  # so that (C, 1, 1) meets (B, C, H, W)
        for gate in ways.mixed:
            if gate in constants:
                share = _per_channel(unit, constants[gate]).to(parameter)
                self.register_buffer(f"share_{gate}", share.view(-1, *after))

    @property
    def shares(self) -> dict[Gate, Tensor]:
        """The fixed mixes: how far each of those gates is open, by channel (C,)."""
        buffers = {gate: getattr(self, f"share_{gate}", None) for gate in self.ways.mixed}
        return {gate: share.flatten() for gate, share in buffers.items() if share is not None}

    def forward(self, x: Tensor) -> Tensor:
        return self._branch("skip", x, {})

    def _branch(self, name: str, x: Tensor, done: dict[str, Tensor]) -> Tensor:
        """The branch of that name, computed if it is asked for, and once."""
        if name not in done:
            done[name] = self._mix(name, x, done) if name in self.wiring.paths else self._compute(name, x, done)
        return done[name]

    def _compute(self, name: str, x: Tensor, done: dict[str, Tensor]) -> Tensor:
        """As in MultiGatedUnit.branches."""
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
        if gate in self.ways.only:
            return self._branch(self.ways.only[gate], x, done)
        paths = self.wiring.paths[gate]
        when_open, when_closed = self._branch(paths.when_open, x, done), self._branch(paths.when_closed, x, done)
        openness = getattr(self, f"share_{gate}", None)
        if openness is None:
            z = self.gate_transforms[gate](x)
            openness = torch.sigmoid(self.settling(gate, z) if self.settling else z)
        return when_closed + openness * (when_open - when_closed)


def _as_plain(unit: MultiGatedUnit, ways: Ways) -> nn.Module:
    """The one way that is left, of the unit's own parts."""
    if "processed" not in ways.reach:
        return unit.get_submodule("bypass")
    block = Block(unit.layer, "no_norm", unit.activation)
    if "bn_before_activation" in ways.reach:
        block.pre = unit.get_submodule("bn_before_activation")
    if "bn_after_activation" in ways.reach:
        block.post = unit.get_submodule("bn_after_activation")
    if "ln" in ways.reach and unit.wiring.ln_after_activation:
        block.post = unit.get_submodule("ln")
    elif "ln" in ways.reach:
        block.pre = unit.get_submodule("ln")
    block.shortcut = unit.bypass if "bypass" in ways.reach else None
    return block.train(unit.training)


def _per_channel(unit: MultiGatedUnit, openness: Tensor | float) -> Tensor:
    """(C,) in double precision, which holds every constant as it was given."""
    return torch.as_tensor(openness, dtype=torch.float64).detach().cpu().expand(unit.num_channels)
