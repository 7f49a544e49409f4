"""How a unit is computed: several engines with the same numbers, of which `auto` takes the fastest that fits a call.

eager    seven layers and the equations one by one: the plain implementation, which the others are tested against
packed   the seven layers as one wide layer (mgu/layers/packed.py), the equations one by one
native   the equations as one compiled kernel (mgu/unit/fused.py), after one wide layer where the seven can be packed,
         else after each of them: CPU with a C compiler; CUDA with Triton (mgu/unit/fused_cuda.py)

`auto` is native where that is possible, else packed on a GPU, where every operation costs a launch, and eager on a CPU,
where a wide layer alone is no faster (benchmarks/units.py). torch.compile always gets packed. torch.export, torch.func,
tracing and the meta device always get eager, for they must see ordinary operations of torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from mgu.kernels.availability import find_obstacle, is_for_triton
from mgu.kernels.kinds import UnitKernels
from mgu.layers.activation import NAMES_IN_C, Activation
from mgu.layers.native_convolution import count_taps
from mgu.layers.native_layer import layer_axes, layer_obstacle
from mgu.layers.obstacle import Obstacle
from mgu.layers.packed import has_hooks, packing_obstacle, signature_of
from mgu.layers.tracing import is_traced
from mgu.unit.bypass import Padded
from mgu.unit.fusion import Fusion
from mgu.unit.gates import Constant
from mgu.unit.kernel import KernelKind, find_kernel
from mgu.unit.norms import Norms, norms_obstacle
from mgu.unit.transforms import Transforms

Engine = Literal["auto", "eager", "packed", "native"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class PaperUnit(NamedTuple):
    """Describes a unit of one of the paper's wirings, beside its transforms; no other has a kernel.

    Attributes:
        norms: Its three norms.
        activation: Its activation.
        is_reference: Whether its wiring is "reference", not "equations".
    """

    norms: Norms
    activation: Activation
    is_reference: bool


class Dispatch(NamedTuple):
    """Says how one call is computed.

    Attributes:
        engine: The engine that was chosen, not `auto`.
        is_packed: Whether the transforms are computed as one wide layer.
        fusion: What the function of the native engine computes.
        logits: Constant gates before the sigmoid; none where gates depend on x.
    """

    engine: Engine
    is_packed: bool = False
    fusion: Fusion | None = None
    logits: Sequence[Tensor] = ()


EAGER, PACKED = Dispatch("eager"), Dispatch("packed", is_packed=True)


class Dispatcher:
    """Chooses how each call of one unit is computed."""

    def __init__(self) -> None:
        self._signature: Any = None  # of the transforms that `_obstacle` was found for
        self._obstacle: str | None = None

    def dispatch(
        self,
        engine: Engine,
        transforms: Transforms,
        paper: PaperUnit | None,
        x: Tensor,
        needs_outputs: bool = False,
    ) -> Dispatch:
        """Chooses how to compute one call.

        Args:
            engine: The engine that the user has asked for.
            transforms: The modules that are applied to x.
            paper: The unit's other parts; None where its wiring is not one of the paper's.
            x: The input.
            needs_outputs: Whether the outputs of the transforms are asked for, too.

        Returns:
            The choice.

        Raises:
            ValueError: `engine` cannot compute this call.
        """
        if engine == "eager" or is_traced(x):
            return EAGER
        if torch.compiler.is_compiling():
            return EAGER if self._packing_obstacle(transforms) else PACKED
        logits = _constant_logits(transforms, x) if engine != "packed" else ()
        obstacle = None if logits else self._packing_obstacle(transforms)  # which takes time, and need not be known
        if engine == "packed":
            if obstacle:
                raise ValueError(f"engine must not be packed {obstacle}. Set unit.engine to auto.")
            return PACKED
        native = _find_native(transforms, paper, x, logits, is_joined=not (logits or obstacle or needs_outputs))
        if not isinstance(native, Obstacle):
            return native._replace(is_packed=not (logits or obstacle))
        if engine == "native":
            raise ValueError(f"engine must be eager, packed or auto {native.reason}, but got native. Set unit.engine.")
        return EAGER if x.is_cpu or obstacle or logits else PACKED

    def _packing_obstacle(self, transforms: Transforms) -> str | None:
        """Returns why the transforms cannot be packed, or None; remembers it until one of them changes."""
        modules, axis = [*transforms.by_name().values()], transforms.channels.axis
        if torch.compiler.is_compiling():  # which would compile anew for what is remembered here
            return packing_obstacle(modules, axis)
        if (signature := signature_of(modules)) != self._signature:
            self._signature, self._obstacle = signature, packing_obstacle(modules, axis)
        return self._obstacle


def _find_native(
    transforms: Transforms, paper: PaperUnit | None, x: Tensor, logits: Sequence[Tensor], is_joined: bool
) -> Dispatch | Obstacle:
    """Returns the native engine for a call, or why there is none."""
    if paper is None:
        return Obstacle("around other choices than the paper's")
    num_channels, axis = transforms.channels
    if reason := norms_obstacle(paper.norms, num_channels, x):
        return Obstacle(reason)
    if is_for_triton(x):
        return _find_triton(transforms, paper, x, logits)
    if not x.is_cpu or x.numel() == 0 or torch.is_autocast_enabled("cpu"):
        return Obstacle("on other devices than the CPU and CUDA, under autocast, and for empty inputs")
    layers: Sequence[nn.Module] = ()
    layer: Any = transforms.layer
    is_known = not layer_obstacle(layer, x) and axis in layer_axes(layer, x)
    if is_known and len(layer.weight) == num_channels:  # else the output is checked
        is_joined = is_joined and getattr(layer, "groups", 1) == 1
        if logits:
            layers = (layer,)
        elif is_joined:
            layers = [*transforms.by_name().values()]
    num_taps = count_taps(layer, x) if layers else 0
    kind = KernelKind(
        paper.activation,
        x.dtype,
        num_channels,
        is_reference=paper.is_reference,
        has_residual_gate="residual" in transforms.gates,
        has_constant_gates=bool(logits),
        num_taps=num_taps,
    )
    kernel = find_kernel(kind)
    if kernel is None:
        return Obstacle("without a C compiler, for half precision, and for activations but selu, relu, silu and tanh")
    bypass = transforms.bypass
    centres = None
    if logits and layers and isinstance(bypass, Padded) and not has_hooks(bypass):
        centres = bypass.centres
    fusion = Fusion(kernel, paper.norms, transforms.channels.axis, layers, num_taps > 0, centres)
    return Dispatch("native", fusion=fusion, logits=logits)


def _find_triton(transforms: Transforms, paper: PaperUnit, x: Tensor, logits: Sequence[Tensor]) -> Dispatch | Obstacle:
    """Returns the native engine for a call on CUDA, as `_find_native` does: Triton's kernels after torch's layers."""
    num_channels, axis = transforms.channels
    activation = NAMES_IN_C.get(paper.activation, "").lower()
    if reason := find_obstacle(x, num_channels, activation):
        return Obstacle(reason)
    if paper.norms.ln.eps <= 0:  # by which the kernels divide, in rows that do not count
        return Obstacle("for a layer normalisation without eps")
    kinds = paper.is_reference, "residual" in transforms.gates, bool(logits)
    kernels = UnitKernels(activation, *kinds, paper.norms.ln.eps)
    return Dispatch("native", fusion=Fusion(kernels, paper.norms, axis), logits=logits)


def _constant_logits(transforms: Transforms, x: Tensor) -> Sequence[Tensor]:
    """Returns the numbers of gates that do not depend on x, all one a channel or all one; none where a gate does."""
    gates = transforms.gates
    if any(type(gate) is not Constant or has_hooks(gate) for gate in gates.values()):
        return ()
    logits: list[Any] = [gate._parameters["bias"] for gate in gates.values()]
    sizes = {logit.numel() for logit in logits}
    is_alike = len(sizes) == 1 and sizes <= {1, transforms.channels.num}
    return logits if is_alike and all(logit.dtype == x.dtype and logit.is_contiguous() for logit in logits) else ()
