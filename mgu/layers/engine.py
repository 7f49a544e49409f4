"""How a unit is computed: several ways to the same numbers, of which `auto` takes the fastest that a call allows.

    eager    seven layers and the equations one by one: the plain implementation, which the others are tested against
    packed   the seven layers as one wide layer (mgu/layers/wide.py), the equations one by one
    native   one wide layer, and the equations as one compiled function (mgu/layers/fused.py): CPU with a C compiler

Under torch.compile a unit is traced packed, under torch.export and torch.func eager, whatever was chosen: what they
make of it is theirs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from mgu.layers.activation import Activation
from mgu.layers.fused import Norms, can_be_fused, find_kernel
from mgu.layers.wide import can_be_wide

Engine = Literal["auto", "eager", "packed", "native"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class Way(NamedTuple):
    """What was chosen: `kernel` is there for native only."""

    engine: Engine
    kernel: ctypes.CDLL | None = None


EAGER, PACKED = Way("eager"), Way("packed")


def choose(
    engine: Engine,
    layers: Sequence[nn.Module],
    axis: int,
    norms: Norms,
    activation: Activation,
    reference: bool,
    x: Tensor,
) -> Way:
    """The way for one call on x. Raises ValueError where `engine` names one that this call does not allow.

    layers: the transforms; axis: of their channels, from the end; reference: the wiring.
    """
    if engine == "eager" or x.is_meta or _is_looked_into():
        return EAGER
    if not can_be_wide(layers, axis):
        if engine == "auto" or torch.compiler.is_compiling():
            return EAGER
        raise ValueError(
            f"engine must be eager or auto around {type(layers[0]).__name__}, but got {engine}. "
            "Its copies cannot be computed as one wide layer."
        )
    if engine == "packed" or torch.compiler.is_compiling():
        return PACKED
    kernel = _find_kernel(layers, norms, activation, reference, x)
    if kernel is None and engine == "native":
        raise ValueError(
            "engine must be eager, packed or auto where there is no compiled function, but got native. That needs a C "
            "compiler, the CPU, float32 or float64, and one of the activations selu, relu, silu, tanh."
        )
    return Way("native", kernel) if kernel else PACKED


def _is_looked_into() -> bool:
    """Whether somebody wants to see the operations themselves, for whom a function of our own would be a wall."""
    return torch.compiler.is_exporting() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active()


def _find_kernel(
    layers: Sequence[nn.Module], norms: Norms, activation: Activation, reference: bool, x: Tensor
) -> ctypes.CDLL | None:
    if x.device.type != "cpu" or x.numel() == 0 or torch.is_autocast_enabled("cpu") or not can_be_fused(norms):
        return None
    return find_kernel(activation, reference, len(layers) == 7, x.dtype)
