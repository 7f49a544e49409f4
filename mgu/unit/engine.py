"""How a unit is computed: several engines with the same numbers, of which `auto` takes the fastest that fits a call.

eager    seven layers and the equations one by one: the plain implementation, which the others are tested against
packed   the seven layers as one wide layer (mgu/layers/packed.py), the equations one by one
native   the equations as one compiled kernel (mgu/unit/fused.py), after one wide layer where the seven can be packed,
         else after each of them: CPU with a C compiler

`auto` is native where that is possible, else packed on a GPU, where every operation costs a launch, and eager on a CPU,
where a wide layer alone is no faster (benchmarks/units.py). torch.compile always gets packed. torch.export, torch.func,
tracing and the meta device always get eager, for they must see ordinary operations of torch.
"""

from __future__ import annotations

import ctypes
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from mgu.layers.activation import Activation
from mgu.layers.packed import has_hooks, packing_obstacle, signature_of
from mgu.layers.tracing import is_traced
from mgu.unit.fused import Norms, fusing_obstacle
from mgu.unit.gates import Constant
from mgu.unit.kernel import KernelKind, find_kernel
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
        kernel: The compiled kernel of the native engine.
        is_packed: Whether the transforms are computed as one wide layer.
        has_constant_gates: Whether the kernel takes one value of each gate a channel.
    """

    engine: Engine
    kernel: ctypes.CDLL | None = None
    is_packed: bool = False
    has_constant_gates: bool = False


EAGER, PACKED = Dispatch("eager"), Dispatch("packed", is_packed=True)


class Dispatcher:
    """Chooses how each call of one unit is computed."""

    def __init__(self) -> None:
        self._signature: Any = None  # of the transforms that `_obstacle` was found for
        self._obstacle: str | None = None

    def dispatch(self, engine: Engine, transforms: Transforms, paper: PaperUnit | None, x: Tensor) -> Dispatch:
        """Chooses how to compute one call.

        Args:
            engine: The engine that the user has asked for.
            transforms: The modules that are applied to x.
            paper: The unit's other parts; None where its wiring is not one of the paper's.
            x: The input.

        Returns:
            The choice.

        Raises:
            ValueError: `engine` cannot compute this call.
        """
        if engine == "eager" or is_traced(x):
            return EAGER
        obstacle = self._packing_obstacle(transforms)
        if torch.compiler.is_compiling():
            return EAGER if obstacle else PACKED
        if engine == "packed":
            if obstacle:
                raise ValueError(f"engine must not be packed {obstacle}. Set unit.engine to auto.")
            return PACKED
        native = _find_native(transforms, paper, x)
        if isinstance(native, Dispatch):
            return native._replace(is_packed=not obstacle)
        if engine == "native":
            raise ValueError(f"engine must be eager, packed or auto {native}, but got native. Set unit.engine.")
        return EAGER if x.is_cpu or obstacle else PACKED

    def _packing_obstacle(self, transforms: Transforms) -> str | None:
        """Returns why the transforms cannot be packed, or None; remembers it until one of them changes."""
        modules, axis = [*transforms.by_name().values()], transforms.channels.axis
        if torch.compiler.is_compiling():  # which would compile anew for what is remembered here
            return packing_obstacle(modules, axis)
        if (signature := signature_of(modules)) != self._signature:
            self._signature, self._obstacle = signature, packing_obstacle(modules, axis)
        return self._obstacle


def _find_native(transforms: Transforms, paper: PaperUnit | None, x: Tensor) -> Dispatch | str:
    """Returns the native engine for a call, or why there is none, as the end of an error message."""
    if paper is None:
        return "around other choices than the paper's"
    gates, num_channels = transforms.gates, transforms.channels.num
    if obstacle := fusing_obstacle(paper.norms, num_channels, x):
        return obstacle
    has_constant_gates = all(type(gate) is Constant and not has_hooks(gate) for gate in gates.values())
    kind = KernelKind(
        paper.activation,
        x.dtype,
        num_channels,
        is_reference=paper.is_reference,
        has_residual_gate="residual" in gates,
        has_constant_gates=has_constant_gates,
    )
    if kernel := find_kernel(kind):
        return Dispatch("native", kernel, has_constant_gates=has_constant_gates)
    return "without a C compiler, for half precision, and for activations but selu, relu, silu and tanh"
