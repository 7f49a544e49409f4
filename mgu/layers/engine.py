"""How a unit is computed: several ways to the same numbers, of which `auto` takes the fastest that a call allows.

    eager    seven layers and the equations one by one: the plain implementation, which the others are tested against
    packed   the seven layers as one wide layer (mgu/layers/wide.py), the equations one by one
    native   one wide layer, and the equations as one compiled function (mgu/layers/fused.py): CPU with a C compiler

Under torch.compile a unit is traced packed, under torch.export and torch.func eager, whatever was chosen: what they
make of it is theirs.
"""

from __future__ import annotations

import ctypes
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from mgu.layers.activation import Activation
from mgu.layers.fused import Norms, can_be_fused, find_kernel
from mgu.layers.wide import are_observed, can_be_wide

Engine = Literal["auto", "eager", "packed", "native"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class Way(NamedTuple):
    """What was chosen: `kernel` is there for native only."""

    engine: Engine
    kernel: ctypes.CDLL | None = None


EAGER, PACKED = Way("eager"), Way("packed")


class Chooser:
    """The way of one unit from call to call; what cannot change between calls is looked at once.

    axis: of the channels, from the end; reference: which of the paper's wirings, None for any other.
    """

    def __init__(self, axis: int, activation: Activation, reference: bool | None) -> None:
        self.axis, self.activation, self.reference = axis, activation, reference
        self.layers: list[nn.Module] = []  # that `are_alike` was found of
        self.are_alike = False

    def choose(self, engine: Engine, layers: list[nn.Module], norms: Norms | None, x: Tensor) -> Way:
        """The way for one call on x. Raises ValueError where `engine` names one that this call does not allow."""
        if engine == "eager" or x.is_meta or _is_looked_into():
            return EAGER
        is_compiling = torch.compiler.is_compiling()
        if not self._can_be_wide(layers):
            if engine == "auto" or is_compiling:
                return EAGER
            raise ValueError(
                f"engine must be eager or auto around {type(layers[0]).__name__}, but got {engine}. "
                "Its copies cannot be computed as one wide layer."
            )
        if engine == "packed" or is_compiling:
            return PACKED
        kernel = self._find_kernel(len(layers), norms, x)
        if kernel is None and engine == "native":
            raise ValueError(
                "engine must be eager, packed or auto where there is no compiled function, but got native. That needs "
                "a C compiler, the CPU, float32 or float64, a wiring of the paper with its skip gate, and one of the "
                "activations selu, relu, silu, tanh."
            )
        return Way("native", kernel) if kernel else PACKED

    def _can_be_wide(self, layers: list[nn.Module]) -> bool:
        if self.layers != layers:  # modules are equal only to themselves
            self.layers, self.are_alike = layers, can_be_wide(layers, self.axis)
        return self.are_alike and not are_observed(layers)

    def _find_kernel(self, count: int, norms: Norms | None, x: Tensor) -> ctypes.CDLL | None:
        if norms is None or self.reference is None or not can_be_fused(norms):
            return None
        if not x.is_cpu or x.numel() == 0 or torch.is_autocast_enabled("cpu"):
            return None
        return find_kernel(self.activation, self.reference, count == 7, len(norms.ln.weight), x.dtype)


def _is_looked_into() -> bool:
    """Whether somebody wants to see the operations themselves, for whom a function of our own would be a wall."""
    return torch.compiler.is_exporting() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active()
