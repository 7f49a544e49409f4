"""How the last call of some modules was computed, for as long as nothing that this depends on changes.

Finding out how to compute a dozen small modules takes longer than to compute them, and than to see that they are as
they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import is_
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from mgu.layers.packed import has_hooks
from mgu.layers.tracing import is_traced

Choice = TypeVar("Choice")


class State(NamedTuple):
    """Holds what a choice depends on.

    Attributes:
        held: Modules, their attributes and tensors, which are the same objects as long as nobody sets them.
        values: Hooks or none, the input, and where tensors lie in memory, in which layout and precision.
    """

    held: list[Any]
    values: list[Any]


class Memory(Generic[Choice]):
    """Remembers one choice. A copy remembers nothing, for it belongs to other modules."""

    def __init__(self) -> None:
        self._known: tuple[State, Choice] | None = None

    def __reduce__(self) -> tuple[type[Memory[Choice]], tuple[()]]:
        return type(self), ()

    def recall(
        self, modules: Iterable[nn.Module | None], options: tuple[Any, ...], x: Tensor, choose: Callable[[], Choice]
    ) -> Choice:
        """Returns the choice for a call: the last one, if it was for the same.

        Args:
            modules: All modules that it depends on.
            options: Whatever else it depends on.
            x: Their input.
            choose: Makes the choice; what it raises is passed on.

        Returns:
            What `choose` returns, now or then.
        """
        state = None if torch.compiler.is_compiling() or is_traced(x) else state_of(modules, options, x)
        if state is None:
            return choose()
        known = self._known  # once: other threads may call the same modules
        if known is not None and _is_same(known[0], state):
            return known[1]
        choice = choose()
        self._known = state, choice
        return choice


def state_of(modules: Iterable[nn.Module | None], options: tuple[Any, ...], x: Tensor) -> State | None:
    """Returns what a choice depends on.

    Args:
        modules: The modules.
        options: Whatever else it depends on.
        x: Their input.

    Returns:
        The state; None where modules hold others, of which this would know nothing, or tensors that have no memory or a
        graph.
    """
    held: list[Any] = [*options]
    needs_gradient = x.requires_grad and torch.is_grad_enabled()
    values: list[Any] = [x.shape, x.dtype, x.device, needs_gradient, torch.is_autocast_enabled(x.device.type)]
    for module in modules:
        if module is None:
            continue
        attributes = module.__dict__
        if attributes["_modules"]:
            return None
        held += (module, type(module))
        held += attributes.values()
        values.append(has_hooks(module))
        try:
            for tensors in (attributes["_parameters"], attributes["_buffers"]):
                held += tensors.values()
                for tensor in tensors.values():
                    if tensor is None:
                        values.append(None)
                    elif tensor.is_leaf:
                        values += (tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype)
                    else:  # it would be kept with its graph
                        return None
        except (RuntimeError, ValueError):  # sparse, or not shaped yet
            return None
    return State(held, values)


def _is_same(one: State, other: State) -> bool:
    return len(one.held) == len(other.held) and all(map(is_, one.held, other.held)) and one.values == other.values
