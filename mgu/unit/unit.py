"""The Multi Gated Unit (seed 001, section 4): a layer that learns its own normalisation, residual and skip.

Around L = layer(x) the unit computes every block of the grid search it replaces (batch normalisation before or after
the activation A, layer normalisation, none; with or without a residual; skipped) and mixes them element by element with
five gates g = sigmoid(t_g(x)), each t_g a copy of the layer with its own weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from ctypes import CDLL

import torch
from torch import Tensor, nn

from mgu.errors import did_you_mean
from mgu.layers.activation import Activation, find_activation
from mgu.layers.channels import find_channels
from mgu.layers.packed import wide
from mgu.layers.weight_init import place_like_, set_bias_
from mgu.unit.bypass import build_bypass
from mgu.unit.engine import ENGINES, Chooser, Engine
from mgu.unit.fused import Norms, mix_fused
from mgu.unit.gates import build_gate
from mgu.unit.processors import Numbers, build_steps, process
from mgu.unit.settling import Settling
from mgu.unit.wiring import BYPASS_KINDS, GATE_KINDS, WIRINGS, BypassKind, Gate, GateKind, Wiring


class MultiGatedUnit(nn.Module):
    """Wrap `layer`; input and output have its shapes, and each gate the shape of its output.

    layer: any module from one tensor to one tensor. It is used as it is, weights included; bypass and gates start from
        fresh copies (glorot-uniform for torch's linear layers and convolutions, else its `reset_parameters()`).
    activation: A, by name or as a function.
    wiring: "equations" (eq. 1-19), "reference" (the code and the diagnosis printed in seed 001), or one's own; see
        mgu/unit/wiring.py.
    residual_gate: False leaves out the residual and its gate: six transforms instead of seven, as in two of the
        paper's rows. skip_gate: False leaves out the way past the layer.
    gate_bias: where gates start, before the sigmoid; one number, or one per gate name (those left out start at 0).
    gate, bypass: what they compute of x, see mgu/unit/gates.py and bypass.py; "replica" is the paper's copy.
    engine: how it is computed, see mgu/unit/engine.py; an attribute of that name can be set later.
    watch (an attribute): called by forward with the openness of each gate by name, as a part of the graph.
    settling (an attribute): has gates come to constants, see mgu/unit/settling.py; no native engine then.
    num_channels, channel_axis: of the layer's output; for layers that are no convolutions and have no `out_features`.

    After the first call on a fast engine the weights of all transforms share one storage, each its own part of it.
    Raises TypeError for a layer that cannot be copied or normalised, ValueError for an unknown name.
    """

    def __init__(
        self,
        layer: nn.Module,
        activation: str | Activation = "selu",
        wiring: str | Wiring = "equations",
        residual_gate: bool = True,
        gate_bias: float | Mapping[Gate, float] = 0.0,
        *,
        skip_gate: bool = True,
        gate: GateKind = "replica",
        bypass: BypassKind = "replica",
        num_channels: int | None = None,
        channel_axis: int | None = None,
        bn_momentum: float = 0.01,
        bn_eps: float = 1e-3,
        ln_eps: float = 1e-3,
        engine: Engine = "auto",
    ) -> None:
        super().__init__()
        _check("gate", gate, GATE_KINDS)
        _check("bypass", bypass, BYPASS_KINDS)
        if isinstance(wiring, str):
            _check("wiring", wiring, tuple(WIRINGS))
        channels = find_channels(layer, num_channels, channel_axis)
        self.engine = engine
        self.watch: Callable[[dict[Gate, Tensor]], None] | None = None
        self.settling: Settling | None = None
        self.activation = find_activation(activation)
        self.wiring = WIRINGS[wiring] if isinstance(wiring, str) else wiring
        self.num_channels, self.channel_axis = channels
        self._chooser = Chooser(*channels)
        self._is_paper = self.wiring in WIRINGS.values() and skip_gate
        is_in = {"residual": residual_gate, "skip": skip_gate}
        gates = [name for name in self.wiring.gates if is_in.get(name, True)]
        self._output = next((name for name in ("skip", "residual") if is_in[name]), self.wiring.mixed)
        biases = _bias_per_gate(gate_bias, gates, self.wiring)

        self.layer = layer
        self.bypass = build_bypass(bypass, layer, bn_momentum, bn_eps) if residual_gate or skip_gate else None
        self.gate_transforms = nn.ModuleDict({name: build_gate(gate, layer, channels) for name in gates})
        for name in gates:
            set_bias_(self.gate_transforms[name], biases[name], name)
        for name, module in build_steps(self.wiring, channels, Numbers(bn_momentum, bn_eps, ln_eps)).items():
            place_like_(module, layer)
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        """o(x), eq. 19: the shape of layer(x)."""
        transforms, norms = self._transforms, self._norms
        layers = [*transforms.values()]
        is_reference = norms is not None and self.wiring.ln_after_activation
        way = self._chooser.choose(self.engine, layers, norms, self.activation, is_reference, x)
        if way.engine == "eager":
            return self._output_of(self.branches(x))
        packed = wide(layers, x) if way.is_wide else None
        if packed is None:
            outputs = {name: self._checked(name, transform(x)) for name, transform in transforms.items()}
        else:
            if packed.shape[self.channel_axis] != len(transforms) * self.num_channels:
                self._checked("layer", packed.chunk(len(transforms), dim=self.channel_axis)[0])  # says what is wrong
            outputs = dict(zip(transforms, packed.chunk(len(transforms), dim=self.channel_axis), strict=True))
        is_alike = all(output.dtype == x.dtype for output in outputs.values())
        if not way.kernel or not norms or not is_alike or outputs["layer"].numel() == 0:
            return self._output_of(self._mix(outputs))
        return self._fuse(way.kernel, norms, outputs, packed, way.has_constants)

    def _fuse(
        self, kernel: CDLL, norms: Norms, outputs: dict[str, Tensor], packed: Tensor | None, constants: bool
    ) -> Tensor:
        """The output from those of the transforms. packed: the same as one tensor, if they came as one; constants: the
        gates are one number a channel, or one for all, whatever x is.
        """
        layer, opened, gates = outputs["layer"], {}, None
        if constants or self.watch:
            opened = self._open(outputs)
        if constants:
            gates = torch.stack([openness.flatten().expand(self.num_channels) for openness in opened.values()])
        if packed is None:
            parts = [layer, outputs["bypass"]] if constants else [*outputs.values()]
            packed = torch.cat([part.expand_as(layer) for part in parts], dim=self.channel_axis)
        if self.watch:
            self.watch({gate: openness.expand_as(layer) for gate, openness in opened.items()})
        return mix_fused(kernel, norms, packed, gates)

    @property
    def engine(self) -> Engine:
        """How it is computed, see mgu/unit/engine.py. It can be set."""
        return self._engine

    @engine.setter
    def engine(self, engine: str) -> None:
        _check("engine", engine, ENGINES)
        self._engine: Engine = engine  # type: ignore[assignment]

    def gates(self, x: Tensor) -> dict[Gate, Tensor]:
        """The openness of each gate by name: in (0, 1), each with the shape of layer(x), or one that broadcasts to it
        where `gate` is not "replica".
        """
        return self._open({name: transform(x) for name, transform in self.gate_transforms.items()})

    def branches(self, x: Tensor) -> dict[str, Tensor]:
        """Every intermediate by name, each with the shape of layer(x).

        `layer`, `bypass`, each processor (`activated`, `bn_before_activation`, `bn_after_activation`, `ln`), `mixed`
        with a softmax, `with_residual` and `processed`; under the name of a gate what it let through (`skip` is the
        output), and under `gate.<name>` how far it is open.
        In training mode this updates the running statistics, as forward does.
        """
        return self._mix({name: self._checked(name, transform(x)) for name, transform in self._transforms.items()})

    def _open(self, transformed: dict[str, Tensor]) -> dict[Gate, Tensor]:
        """The openness of each gate from what its transform gave; the shares of a softmax add up to one."""
        opened: dict[Gate, Tensor] = {}
        if settling := self.settling:
            transformed = {gate: settling(gate, transformed[gate]) for gate in self.gate_names}
        if self.wiring.shares:
            shares = list(self.wiring.shares.values())
            weights = torch.stack([transformed[gate] for gate in shares]).softmax(dim=0)
            opened = dict(zip(shares, weights.unbind(), strict=True))
        return opened | {gate: torch.sigmoid(transformed[gate]) for gate in self.gate_names if gate not in opened}

    def _output_of(self, branches: dict[str, Tensor]) -> Tensor:
        if self.watch:
            self.watch({gate: branches[f"gate.{gate}"] for gate in self.gate_names})
        return branches[self._output]

    def _mix(self, transformed: dict[str, Tensor]) -> dict[str, Tensor]:
        """Every intermediate from the outputs of the transforms; those of gates are not through the sigmoid yet."""
        layer, wiring = transformed["layer"], self.wiring
        b = {name: value for name, value in transformed.items() if name not in self.gate_transforms}
        b |= {f"gate.{name}": value.expand_as(layer) for name, value in self._open(transformed).items()}
        b |= process(layer, wiring, self, self.activation)  # eq. 3, 4, 8
        if wiring.shares:
            weighed = [b[f"gate.{gate}"] * b[name] for name, gate in wiring.shares.items()]
            b["mixed"] = torch.stack(weighed).sum(dim=0)
        for gate in (name for name in self.gate_names if name in wiring.paths):
            if gate == "residual":
                b["with_residual"] = b[wiring.mixed] + b["bypass"]  # eq. 15
            if gate == "skip":
                b["processed"] = b["residual" if "residual" in b else wiring.mixed]
            paths = wiring.paths[gate]
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
        return tuple(self.gate_transforms)

    @property
    def _transforms(self) -> dict[str, nn.Module]:
        """All modules that x goes through, in the order in which a wide layer packs them."""
        gates: dict[str, nn.Module] = dict(self.gate_transforms.items())
        return {"layer": self.layer, **({} if self.bypass is None else {"bypass": self.bypass}), **gates}

    @property
    def _norms(self) -> Norms | None:
        """Those of the paper's wirings, which one function can have inside; not with gates that settle."""
        if not self._is_paper or self.settling:
            return None
        return Norms(self.bn_before_activation, self.bn_after_activation, self.ln)  # type: ignore[arg-type]

    def _checked(self, name: str, output: Tensor) -> Tensor:
        """A transform's output, if it is one tensor with the channels where they were announced."""
        if not isinstance(output, Tensor):
            raise TypeError(
                f"layer must return one tensor, but {type(self.layer).__name__} returns {type(output).__name__}. "
                "Wrap it in a module that returns the tensor to be normalised."
            )
        if name in ("layer", "bypass") and output.shape[self.channel_axis] != self.num_channels:
            raise ValueError(
                f"layer must return {self.num_channels} channels at axis {self.channel_axis}, but got shape "
                f"{tuple(output.shape)}. Pass num_channels=... and channel_axis=... to the unit."
            )
        return output


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, but got {value!r}.{did_you_mean(value, known)}")


def _bias_per_gate(gate_bias: float | Mapping[Gate, float], gates: list[Gate], wiring: Wiring) -> dict[Gate, float]:
    """One bias per gate; raises ValueError where a bias is given for a gate that is not there."""
    if not isinstance(gate_bias, Mapping):
        return dict.fromkeys(gates, float(gate_bias))
    for gate, bias in gate_bias.items():
        if gate not in wiring.gates or (gate not in gates and bias != 0):
            raise ValueError(
                f"gate_bias must name gates of this unit ({', '.join(gates)}), but got {gate!r}."
                f"{did_you_mean(gate, gates)}"
            )
    return {gate: float(gate_bias.get(gate, 0.0)) for gate in gates}
