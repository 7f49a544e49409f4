"""How a unit is computed: several ways to the same numbers, of which `auto` takes the one that fits a call best.

    eager    seven layers and the equations one by one: the plain implementation, which the others are tested against
    packed   the seven layers as one wide layer (mgu/layers/packed.py), the equations one by one
    native   the equations as one compiled function (mgu/unit/fused.py), behind one wide layer where the seven can be
             one, else behind each by itself: CPU with a C compiler

`auto` is native where that can be, else packed on a GPU, where every operation costs a launch, and eager on a CPU,
where a wide layer alone is no faster (benchmarks/units.py). torch.compile always gets packed. torch.export, torch.func,
tracing and the meta device always get eager, for they must see ordinary operations of torch.
"""

from __future__ import annotations

import ctypes
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules.module import _has_any_global_hook

from mgu.layers.activation import Activation
from mgu.layers.packed import has_hooks, signature_of, why_not_wide
from mgu.unit.fused import Norms, find_kernel, why_not_fused
from mgu.unit.gates import Constant

Engine = Literal["auto", "eager", "packed", "native"]
ENGINES: tuple[Engine, ...] = get_args(Engine)


class Way(NamedTuple):
    """What was chosen: `kernel` is there for native only; is_wide: the layers are computed as one; has_constants: the
    kernel is for gates that are one number a channel, or one for all.
    """

    engine: Engine
    kernel: ctypes.CDLL | None = None
    is_wide: bool = False
    has_constants: bool = False


EAGER, PACKED = Way("eager"), Way("packed", is_wide=True)


class Chooser:
    """The way of one unit from call to call. axis: of the channels, from the end."""

    def __init__(self, num_channels: int, axis: int) -> None:
        self.num_channels, self.axis = num_channels, axis
        self._signature: Any = None  # of the layers of which `_not_wide` was found
        self._not_wide: str | None = None

    def choose(
        self,
        engine: Engine,
        layers: list[nn.Module],
        norms: Norms | None,
        activation: Activation,
        reference: bool,
        x: Tensor,
    ) -> Way:
        """The way for one call on x. norms: of the paper's wirings, None for others; reference: which of them it is.

        Raises ValueError where `engine` names one that this call does not allow.
        """
        if engine == "eager" or _is_looked_into(x):
            return EAGER
        not_wide = self._find_obstacle(layers)
        if torch.compiler.is_compiling():
            return EAGER if not_wide else PACKED
        if engine == "packed":
            if not_wide:
                raise ValueError(f"engine must not be packed {not_wide}. Set unit.engine to auto.")
            return PACKED
        obstacle: str | None = "around other choices than the paper's"
        kernel = None
        if norms is not None:
            obstacle = why_not_fused(norms, self.num_channels, x)
        constant = all(type(gate) is Constant and not has_hooks(gate) for gate in layers[2:])
        if norms is not None and not obstacle:
            kernel = find_kernel(activation, reference, len(layers) == 7, constant, self.num_channels, x.dtype)
            obstacle = "without a C compiler, for half precision, and for activations but selu, relu, silu and tanh"
        if kernel:
            return Way("native", kernel, is_wide=not not_wide, has_constants=constant)
        if engine == "native":
            raise ValueError(f"engine must be eager, packed or auto {obstacle}, but got native. Set unit.engine.")
        return EAGER if x.is_cpu or not_wide else PACKED

    def _find_obstacle(self, layers: list[nn.Module]) -> str | None:
        """Why the layers cannot be one wide layer; None where they can."""
        if torch.compiler.is_compiling():  # which would compile anew for what is remembered here
            return why_not_wide(layers, self.axis)
        if (signature := signature_of(layers)) != self._signature:
            self._signature, self._not_wide = signature, why_not_wide(layers, self.axis)
        return self._not_wide


def _is_looked_into(x: Tensor) -> bool:
    """Whether torch traces or transforms this call, or has no numbers for it: it cannot look into functions of ours.

    A dispatch mode is how torch counts, traces and fakes; a level of forward_ad is how it derives forward; a global
    hook wants to see every module called.
    """
    if torch.compiler.is_compiling():
        return torch.compiler.is_exporting()
    return (
        x.is_meta
        or type(x) not in (Tensor, nn.Parameter)
        or torch.jit.is_tracing()
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or forward_ad._current_level >= 0
        or _has_any_global_hook()
    )
