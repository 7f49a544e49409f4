"""The Multi Gated Unit: a layer that learns its own normalisation, residual and skip.

    A. Damian and L. Piciu (2020): MGU - hyper-parameter self-learning using Multi Gated Units in deep neural graphs.

Around L = layer(x) the unit computes every block of the grid search that it replaces (batch normalisation before or
after the activation A, layer normalisation, none; with or without a residual; skipped) and mixes them element by
element with five gates g = sigmoid(t_g(x)), each t_g a copy of the layer with its own weights.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from mgu.layers.activation import Activation, find_activation
from mgu.layers.channels import Channels, find_channels
from mgu.layers.link import Link, Linked
from mgu.layers.memory import Memory
from mgu.layers.packed import with_channels_last
from mgu.layers.weight_init import check_is_module, check_is_shaped, place_like_, set_bias_
from mgu.unit.arguments import bias_per_gate, check_kind, check_name, find_wiring
from mgu.unit.bypass import build_bypass
from mgu.unit.engine import ENGINES, Dispatch, Dispatcher, Engine, PaperUnit
from mgu.unit.fused import apply_fused, link_fused
from mgu.unit.fusion import Fusion
from mgu.unit.gates import ModuleFactory, build_gate
from mgu.unit.mixing import compute_gate_values, mix
from mgu.unit.norms import Norms
from mgu.unit.processors import NormOptions, build_modules, process
from mgu.unit.settling import Settling
from mgu.unit.transforms import Transforms
from mgu.unit.wiring import BYPASS_KINDS, GATE_KINDS, WIRINGS, BypassKind, Gate, GateKind, Wiring


class MultiGatedUnit(nn.Module, Linked):
    """Wraps a layer and mixes all blocks that could be made around it by learned gates (Damian and Piciu 2020, sec. 4).

    After the first call on a fast engine the weights of all transforms share one storage, each its own part of it.

    Args:
        layer: Any module from one tensor to one tensor. It is used as it is, weights included; bypass and gates start
            from fresh copies (glorot-uniform for torch's linear layers and convolutions, else `reset_parameters()`).
        activation: A, a name or a function.
        wiring: "equations" (eq. 1-19), "reference" (the code of section 4.2), or one's own, see mgu/unit/wiring.py.
        residual_gate: False leaves out the residual and its gate: six transforms instead of seven, as in two rows of
            the paper's tables.
        gate_bias: Where gates start, before the sigmoid: one number, or one by gate name (those left out start at 0).
        skip_gate: False leaves out the skip and its gate.
        gate: What gates are computed with, a name of mgu/unit/gates.py ("replica" is the paper's copy of the layer) or
            a function from the layer to a new module, whose output broadcasts to that of the layer.
        bypass: What the bypass t(x) is computed with, a name of mgu/unit/bypass.py ("replica" is the paper's copy) or a
            function from the layer to a new module, whose output has the shape of the layer's.
        num_channels: Channels of the layer's output, for a layer that is no convolution and has no `out_features`.
        channel_axis: Their axis, counted from the end or from the start.
        bn_momentum: Weight of the newest batch in running statistics; the default is torch's, the paper's experiments
            have 0.01 (0.99 in Keras), which settles after some hundred steps only.
        bn_eps: Constant added to the variance by batch normalisation.
        ln_eps: Constant added to the variance by layer normalisation, and by all norms of other wirings.
        engine: How the unit is computed, see mgu/unit/engine.py; the attribute can be set later.

    Attributes:
        watch: A function that `forward` calls with the gate values by name, as a part of the autograd graph; or None.
        settling: Anneals the gates to constants, see mgu/unit/settling.py; then there is no native engine. Or None.

    Shape:
        x: the input of the layer; returns the output of the layer, (B, C, *) for convolutions, (*, C) for Linear.

    Raises:
        TypeError: The layer is no module or cannot be copied or normalised, a kind of gate or bypass does not fit it,
            or the activation is neither a name nor a function.
        ValueError: A name is unknown.
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
        gate: GateKind | ModuleFactory = "replica",
        bypass: BypassKind | ModuleFactory = "replica",
        num_channels: int | None = None,
        channel_axis: int | None = None,
        bn_momentum: float = 0.1,
        bn_eps: float = 1e-3,
        ln_eps: float = 1e-3,
        engine: Engine = "auto",
    ) -> None:
        super().__init__()
        check_kind("gate", gate, GATE_KINDS)
        check_kind("bypass", bypass, BYPASS_KINDS)
        check_is_module(layer)
        check_is_shaped(layer)
        channels = find_channels(layer, num_channels, channel_axis)
        self.engine = engine
        self.watch: Callable[[dict[Gate, Tensor]], None] | None = None
        self.settling: Settling | None = None
        self.activation = find_activation(activation)
        self.wiring = find_wiring(wiring)
        self.num_channels, self.channel_axis = channels
        self._dispatcher, self._memory = Dispatcher(), Memory[Dispatch]()
        self._is_paper = self.wiring in WIRINGS.values() and skip_gate
        is_in = {"residual": residual_gate, "skip": skip_gate}
        gates = [name for name in self.wiring.gates if is_in.get(name, True)]
        self._output = next((name for name in ("skip", "residual") if is_in[name]), self.wiring.mixed)
        biases = bias_per_gate(gate_bias, gates, self.wiring)
        self.layer = layer
        self.bypass = build_bypass(bypass, layer, bn_momentum, bn_eps) if residual_gate or skip_gate else None
        self.gate_transforms = nn.ModuleDict({name: build_gate(gate, layer, channels) for name in gates})
        for name in gates:
            set_bias_(self.gate_transforms[name], biases[name], name)
        self._add_processors(NormOptions(bn_momentum, bn_eps, ln_eps))

    def _add_processors(self, norms: NormOptions) -> None:
        """Adds the modules of the wiring's processors under their own names, where the layer's weights are."""
        channels = Channels(self.num_channels, self.channel_axis)
        for name, module in build_modules(self.wiring, channels, norms).items():
            place_like_(module, self.layer)
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        dispatch = self._dispatch(x)
        if dispatch.engine == "eager":
            return self._output_of(self.branches(x))
        if dispatch.fusion and dispatch.logits:
            return self._fuse_constant(dispatch.fusion, dispatch.logits, x)
        if dispatch.fusion and dispatch.fusion.layers:
            return apply_fused(dispatch.fusion, x)
        transforms = self._transforms
        packed = transforms.apply_packed(x) if dispatch.is_packed else None  # (B, transforms * C, *)
        outputs = transforms.apply(x) if packed is None else transforms.unpack(packed)  # (B, C, *) each
        if dispatch.fusion and _fits(outputs["layer"], *outputs.values(), like=x):
            return self._fuse(dispatch.fusion, outputs, packed)
        return self._output_of(self._mix(outputs))

    def link(self, x: Tensor) -> Link | None:
        """Returns the call that computes the unit for an input; None where it is not a single one.

        Args:
            x: The input of the layer.
        """
        dispatch = self._dispatch(x)
        fusion = dispatch.fusion
        if type(self) is not MultiGatedUnit or self.watch or fusion is None or not fusion.layers:
            return None
        return None if dispatch.logits and not fusion.centres else link_fused(fusion, dispatch.logits)

    def gates(self, x: Tensor) -> dict[Gate, Tensor]:
        """Computes the gate values for an input.

        Args:
            x: The input of the layer.

        Returns:
            The values in (0, 1) by name of the gate, each with the shape of layer(x), or one that broadcasts to it
            where `gate` is not "replica".
        """
        logits = {name: transform(x) for name, transform in self.gate_transforms.items()}
        return compute_gate_values(logits, self.wiring, self.settling)

    def branches(self, x: Tensor) -> dict[str, Tensor]:
        """Computes every intermediate result for an input; in training mode this updates the running statistics.

        Args:
            x: The input of the layer.

        Returns:
            By name, each with the shape of layer(x): `layer`, `bypass`, each processor (`activated`,
            `bn_before_activation`, `bn_after_activation`, `ln`), `mixed` with a softmax, `with_residual` and
            `processed`; the result of a gate under its name (`skip` is the output), and its values under `gate.<name>`.
        """
        return self._mix(self._transforms.apply(x))

    def transform(self, name: str) -> nn.Module:
        """Copies one of the modules that are applied to x, so that it stands alone.

        Args:
            name: "layer", "bypass", or the name of a gate for the module before its sigmoid.

        Returns:
            The copy.

        Raises:
            ValueError: The unit has no such transform.
        """
        transforms = self._transforms.by_name()
        check_name("name", name, tuple(transforms))
        return copy.deepcopy(transforms[name])

    @property
    def gate_names(self) -> tuple[Gate, ...]:
        """Names of the unit's gates, in order of computation."""
        return tuple(self.gate_transforms)

    @property
    def engine(self) -> Engine:
        """How the unit is computed, see mgu/unit/engine.py. It can be set."""
        return self._engine

    @engine.setter
    def engine(self, engine: str) -> None:
        check_name("engine", engine, ENGINES)
        self._engine: Engine = engine  # type: ignore[assignment]  # one of ENGINES

    def _dispatch(self, x: Tensor) -> Dispatch:
        """Returns how to compute a call."""
        needs_outputs = self.watch is not None
        options = self._engine, self.activation, self.wiring, self.settling, needs_outputs
        gates = self.gate_transforms
        modules = [part for part in (*self._modules.values(), *gates._modules.values()) if part is not gates]

        def choose() -> Dispatch:
            return self._dispatcher.dispatch(self.engine, self._transforms, self._paper_unit, x, needs_outputs)

        return self._memory.recall(modules, options, x, choose)

    @property
    def _transforms(self) -> Transforms:
        channels = Channels(self.num_channels, self.channel_axis)
        return Transforms(self.layer, self.bypass, dict(self.gate_transforms.items()), channels)

    @property
    def _paper_unit(self) -> PaperUnit | None:
        """What the native engine computes; None where the wiring has no kernel, or the gates are annealed."""
        if not self._is_paper or self.settling:
            return None
        norms = Norms(self.bn_before_activation, self.bn_after_activation, self.ln)  # type: ignore[arg-type]  # of the paper's wiring
        return PaperUnit(norms, self.activation, self.wiring.ln_after_activation)

    def _mix(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Returns all branches and gate values by name, given the outputs of the transforms."""
        layer = outputs["layer"]
        logits = {gate: outputs[gate] for gate in self.gate_names}
        values = compute_gate_values(logits, self.wiring, self.settling)
        gates = {gate: value.expand_as(layer) for gate, value in values.items()}  # (B, C, *)
        inputs = {name: output for name, output in outputs.items() if name not in logits}
        inputs |= process(layer, self.wiring, self, self.activation)  # eq. 3, 4, 8
        return mix(inputs, gates, self.wiring) | {f"gate.{gate}": value for gate, value in gates.items()}

    def _fuse(self, fusion: Fusion, outputs: Mapping[str, Tensor], packed: Tensor | None) -> Tensor:
        """Returns the output of the native engine given those of the transforms, for which `fusion` has no layers.

        Args:
            fusion: What is computed.
            outputs: The outputs by name.
            packed: All of them as one tensor, where they are packed.
        """
        layer = outputs["layer"]
        if packed is None:
            packed = torch.cat([output.expand_as(layer) for output in outputs.values()], dim=self.channel_axis)
        if self.watch:
            values = compute_gate_values({gate: outputs[gate] for gate in self.gate_names}, self.wiring, None)
            self.watch({gate: value.expand_as(layer) for gate, value in values.items()})
        return apply_fused(fusion, outputs=packed)

    def _fuse_constant(self, fusion: Fusion, logits: Sequence[Tensor], x: Tensor) -> Tensor:
        """Returns the output of the native engine where gates do not depend on x."""
        if fusion.layers and fusion.centres and not self.watch:
            return apply_fused(fusion, x, logits=logits)
        transforms = self._transforms
        if fusion.layers and not fusion.centres:
            x = with_channels_last(x)  # here, so that layer and bypass keep the same copy
        layer = None if fusion.layers else transforms.apply_one("layer", x)
        bypass = None if fusion.centres else transforms.apply_one("bypass", x)
        if not _fits(layer, *(each for each in (layer, bypass) if each is not None), like=x):
            return self._output_of(self.branches(x))
        if layer is not None and bypass is not None:
            bypass = bypass.expand_as(layer)
        out = apply_fused(fusion, x if fusion.layers else None, layer, bypass, logits)
        if self.watch:
            values = compute_gate_values(transforms.apply_gates(x), self.wiring, None)
            self.watch({gate: value.expand_as(out) for gate, value in values.items()})
        return out

    def _output_of(self, branches: Mapping[str, Tensor]) -> Tensor:
        """Returns the output of the unit, after showing its gate values to `watch`."""
        if self.watch:
            self.watch({gate: branches[f"gate.{gate}"] for gate in self.gate_names})
        return branches[self._output]


def _fits(layer: Tensor | None, *outputs: Tensor, like: Tensor) -> bool:
    """Tells whether a kernel can take the outputs: in the precision of the input, which a user's layer may change."""
    return all(output.dtype == like.dtype for output in outputs) and (layer is None or layer.numel() > 0)
