"""The Multi Gated Unit (seed 001, section 4): a layer that learns its own normalisation, residual and skip.

Around L = layer(x) the unit computes every block of the grid search it replaces (batch normalisation before or after
the activation A, layer normalisation, none; with or without a residual; skipped) and mixes them element by element with
five gates g = sigmoid(t_g(x)), each t_g a copy of the layer with its own weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from mgu.errors import did_you_mean
from mgu.layers.activation import Activation, find_activation
from mgu.layers.engine import ENGINES, Chooser, Engine
from mgu.layers.fused import Norms, mix_fused
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.transform import find_channels, fresh_copy, set_bias_
from mgu.layers.wide import wide
from mgu.wiring import GATES, WIRINGS, Gate


class MultiGatedUnit(nn.Module):
    """Wrap `layer`; input and output have its shapes, and each gate the shape of its output.

    layer: any module from one tensor to one tensor. It is used as it is, weights included; bypass and gates start from
        fresh copies (glorot-uniform for torch's linear layers and convolutions, else its `reset_parameters()`).
    activation: A, by name or as a function.
    wiring: "equations" (eq. 1-19) or "reference" (the code and the diagnosis printed in seed 001); see mgu/wiring.py.
    residual_gate: False leaves out the residual and its gate: six transforms instead of seven, as in two of the
        paper's rows.
    gate_bias: where gates start, before the sigmoid; one number, or one per gate name (those left out start at 0).
    engine: how it is computed, see mgu/layers/engine.py; an attribute of that name can be set later.
    watch (an attribute): called by forward with the openness of each gate by name, as a part of the graph.
    num_channels, channel_axis: of the layer's output; for layers that are no convolutions and have no `out_features`.

    After the first call on a fast engine the weights of all transforms share one storage, each its own part of it.
    Raises TypeError for a layer that cannot be copied or normalised, ValueError for an unknown name.
    """

    def __init__(
        self,
        layer: nn.Module,
        activation: str | Activation = "selu",
        wiring: str = "equations",
        residual_gate: bool = True,
        gate_bias: float | Mapping[Gate, float] = 0.0,
        *,
        num_channels: int | None = None,
        channel_axis: int | None = None,
        bn_momentum: float = 0.01,
        bn_eps: float = 1e-3,
        ln_eps: float = 1e-3,
        engine: Engine = "auto",
    ) -> None:
        super().__init__()
        if wiring not in WIRINGS:
            raise ValueError(
                f"wiring must be one of {', '.join(WIRINGS)}, but got {wiring!r}.{did_you_mean(wiring, WIRINGS)}"
            )
        channels = find_channels(layer, num_channels, channel_axis)
        self.engine = engine
        self.watch: Callable[[dict[Gate, Tensor]], None] | None = None
        self.activation = find_activation(activation)
        self.wiring = WIRINGS[wiring]
        self.num_channels, self.channel_axis = channels
        self._chooser = Chooser(*channels)
        gates = [gate for gate in GATES if gate != "residual" or residual_gate]
        biases = _bias_per_gate(gate_bias, gates)

        self.layer = layer
        self.bypass = fresh_copy(layer)
        self.gate_transforms = nn.ModuleDict({gate: fresh_copy(layer) for gate in gates})
        for gate in gates:
            set_bias_(self.gate_transforms[gate], biases[gate], gate)
        self.bn_before_activation = BatchNorm(*channels, bn_momentum, bn_eps)
        self.bn_after_activation = BatchNorm(*channels, bn_momentum, bn_eps)
        self.ln = LayerNorm(*channels, ln_eps)
        self._move_norms_to(layer)

    def forward(self, x: Tensor) -> Tensor:
        """o(x), eq. 19: the shape of layer(x)."""
        transforms, norms = self._transforms, self._norms
        layers = [*transforms.values()]
        is_reference = self.wiring.ln_after_activation
        way = self._chooser.choose(self.engine, layers, norms, self.activation, is_reference, x)
        if way.engine == "eager":
            branches = self.branches(x)
            if self.watch:
                self.watch({gate: branches[f"gate.{gate}"] for gate in self.gate_names})
            return branches["skip"]
        packed = wide(layers, x)
        if packed.shape[self.channel_axis] != len(transforms) * self.num_channels:
            self._checked(packed.chunk(len(transforms), dim=self.channel_axis)[0])  # says what is wrong
        if way.kernel and not self.watch:
            return mix_fused(way.kernel, norms, packed)
        outputs = dict(zip(transforms, packed.chunk(len(transforms), dim=self.channel_axis), strict=True))
        if self.watch:
            self.watch({gate: torch.sigmoid(outputs[gate]) for gate in self.gate_names})
        return mix_fused(way.kernel, norms, packed) if way.kernel else self._mix(outputs)["skip"]

    @property
    def engine(self) -> Engine:
        """How it is computed, see mgu/layers/engine.py. It can be set."""
        return self._engine

    @engine.setter
    def engine(self, engine: str) -> None:
        if engine not in ENGINES:
            raise ValueError(
                f"engine must be one of {', '.join(ENGINES)}, but got {engine!r}.{did_you_mean(engine, ENGINES)}"
            )
        self._engine: Engine = engine

    def gates(self, x: Tensor) -> dict[Gate, Tensor]:
        """The openness of each gate by name: in (0, 1), each with the shape of layer(x)."""
        return {gate: torch.sigmoid(self._checked(self.gate_transforms[gate](x))) for gate in self.gate_names}

    def branches(self, x: Tensor) -> dict[str, Tensor]:
        """Every intermediate by name, each with the shape of layer(x).

        `layer`, `bypass`, `activated`, `bn_before_activation`, `bn_after_activation`, `ln`, `with_residual` and
        `processed`; under the name of a gate what it let through (`skip` is the output), and under `gate.<name>` how
        far it is open.
        In training mode this updates the running statistics, as forward does.
        """
        return self._mix({name: self._checked(transform(x)) for name, transform in self._transforms.items()})

    def _mix(self, transformed: dict[str, Tensor]) -> dict[str, Tensor]:
        """Every intermediate from the outputs of the transforms; those of gates are not through the sigmoid yet."""
        act = self.activation
        layer = transformed["layer"]
        activated = act(layer)
        b = {f"gate.{name}": torch.sigmoid(transformed[name]) for name in self.gate_names}
        b["layer"], b["activated"], b["bypass"] = layer, activated, transformed["bypass"]
        b["bn_before_activation"] = act(self.bn_before_activation(layer))  # eq. 4
        b["bn_after_activation"] = self.bn_after_activation(activated)  # eq. 3
        b["ln"] = self.ln(activated) if self.wiring.ln_after_activation else act(self.ln(layer))  # eq. 8
        for gate in self.gate_names:
            if gate == "residual":
                b["with_residual"] = b["norm_or_none"] + b["bypass"]  # eq. 15
            if gate == "skip":
                b["processed"] = b["residual" if "residual" in b else "norm_or_none"]
            paths = self.wiring.paths[gate]
            when_open, when_closed = b[paths.when_open], b[paths.when_closed]
            b[gate] = when_closed + b[f"gate.{gate}"] * (when_open - when_closed)  # eq. 5, 9, 12, 16, 19
        return b

    def transform(self, name: str) -> nn.Module:
        """A stand-alone copy of one transform: `layer`, `bypass`, or the one inside the gate of that name."""
        transforms = self._transforms
        if name not in transforms:
            raise ValueError(
                f"name must be one of {', '.join(transforms)}, but got {name!r}.{did_you_mean(name, transforms)}"
            )
        return copy.deepcopy(transforms[name])

    @property
    def gate_names(self) -> tuple[Gate, ...]:
        """The gates this unit has, in order of computation."""
        return tuple(gate for gate in GATES if gate in self.gate_transforms)

    @property
    def _transforms(self) -> dict[str, nn.Module]:
        """All modules that x goes through, in the order in which a wide layer packs them."""
        gates: dict[str, nn.Module] = dict(self.gate_transforms.items())
        return {"layer": self.layer, "bypass": self.bypass, **gates}

    @property
    def _norms(self) -> Norms:
        return Norms(self.bn_before_activation, self.bn_after_activation, self.ln)

    def _checked(self, output: Tensor) -> Tensor:
        """The layer's output, if it is one tensor with the channels where they were announced."""
        if not isinstance(output, Tensor):
            raise TypeError(
                f"layer must return one tensor, but {type(self.layer).__name__} returns {type(output).__name__}. "
                "Wrap it in a module that returns the tensor to be normalised."
            )
        if output.shape[self.channel_axis] != self.num_channels:
            raise ValueError(
                f"layer must return {self.num_channels} channels at axis {self.channel_axis}, but got shape "
                f"{tuple(output.shape)}. Pass num_channels=... and channel_axis=... to the unit."
            )
        return output

    def _move_norms_to(self, layer: nn.Module) -> None:
        """Norms live where the layer lives, in its precision."""
        parameter = next(layer.parameters(), None)
        if parameter is not None:
            for norm in self._norms:
                norm.to(parameter.device, parameter.dtype)


def _bias_per_gate(gate_bias: float | Mapping[Gate, float], gates: list[Gate]) -> dict[Gate, float]:
    """One bias per gate; raises ValueError where a bias is given for a gate that is not there."""
    if not isinstance(gate_bias, Mapping):
        return dict.fromkeys(gates, float(gate_bias))
    for gate, bias in gate_bias.items():
        if gate not in GATES or (gate not in gates and bias != 0):
            raise ValueError(
                f"gate_bias must name gates of this unit ({', '.join(gates)}), but got {gate!r}."
                f"{did_you_mean(gate, gates)}"
            )
    return {gate: float(gate_bias.get(gate, 0.0)) for gate in gates}
