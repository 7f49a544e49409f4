"""The plan of a network, remembered until one of its modules or tensors changes: planning takes as long as a step."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.obstacle import Obstacle
from mgu.layers.tracing import is_traced
from mgu.layers.watch import Watch
from mgu.planned.plan import CannotPlanError, Plan, Size
from mgu.planned.structs import find_library, width_of

Planning = Callable[[int, Size, int], Plan]  # from channels, height and width, and the images of a block


class Ready(NamedTuple):
    """Says how a call is computed.

    Attributes:
        plan: The plan.
        library: The compiled planned.c.
    """

    plan: Plan
    library: ctypes.CDLL


class PlanMemory:
    """Remembers the plan of one network. A copy remembers nothing, for it belongs to another network."""

    def __init__(self) -> None:
        self._known: tuple[Any, Watch, Ready | Obstacle] | None = None

    def __reduce__(self) -> tuple[type[PlanMemory], tuple[()]]:
        return type(self), ()

    def recall(self, network: nn.Module, x: Tensor, make: Planning) -> Ready | Obstacle:
        """Returns how a call is computed.

        Args:
            network: The network.
            x: Its input.
            make: Makes a plan; raises CannotPlanError for a network that has other layers than it knows.

        Returns:
            The plan and the library, or why there is none.
        """
        if torch.compiler.is_compiling() or is_traced(x):
            return Obstacle("where torch traces the call")
        if not x.is_cpu or x.dim() != 4 or x.numel() == 0 or torch.is_autocast_enabled("cpu"):
            return Obstacle("on other devices than the CPU, under autocast, and for empty inputs")
        key = x.dtype, x.shape[1:]
        known = self._known  # once: other threads may call the same network
        if known is not None and known[0] == key and known[1].is_current(network):
            return known[2]
        watch = Watch(network)
        choice = _choose(network, watch, x, make)
        self._known = None if watch.has_graph else (key, watch, choice)
        return choice


def _choose(network: nn.Module, watch: Watch, x: Tensor, make: Planning) -> Ready | Obstacle:
    library = find_library(x.dtype)
    if library is None:
        return Obstacle("without a C compiler, and in other precisions than single and double")
    if watch.has_hooks:
        return Obstacle("where modules have hooks")
    if any((p.dtype, p.device) != (x.dtype, x.device) for p in (*network.parameters(), *network.buffers())):
        return Obstacle("where parameters have another precision or place than the input")
    try:
        return Ready(make(x.shape[1], (x.shape[2], x.shape[3]), width_of(library)), library)
    except CannotPlanError as reason:
        return Obstacle(str(reason))
