"""Whether the parts of a network are what they were, found out in a small part of a training step.

What is remembered of a network, such as how it is computed, holds for as long as they are. So this looks at all modules
by the dictionaries that they keep, and not one by one.
"""

from __future__ import annotations

from itertools import chain
from operator import attrgetter, is_, itemgetter
from typing import Any

from torch import Tensor, nn

HOOKS = itemgetter("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
MEMBERS = itemgetter("_modules", "_parameters", "_buffers")
CALLED = {"forward", "_compiled_call_impl"}  # attributes that are called in place of what the class says
COMMON = vars(nn.Module()).keys() - {"training"}  # dictionaries of every module
GRADIENT_HOOKS = attrgetter("_backward_hooks", "_post_accumulate_grad_hooks")
KIND = attrgetter("dtype", "shape", "requires_grad")


class Watch:
    """Sees whether the parts of a network are what they were.

    Args:
        network: The network, whose own attributes and hooks do not matter: whoever calls it calls them.

    Attributes:
        has_hooks: Whether a part must be called itself.
        has_graph: Whether a part has a tensor that was computed, whose graph would be kept with it.
        has_gradient_hooks: Whether a tensor must be given its gradient by torch.

    Raises:
        RuntimeError, ValueError: Some of its tensors are sparse, or not shaped yet.
    """

    def __init__(self, network: nn.Module) -> None:
        self._modules = list(network.modules())[1:]
        self._parts = list(map(vars, self._modules))
        self._attributes = [itemgetter(*(part.keys() - COMMON), "training") for part in self._parts]
        self._held = self._hold(network)
        self._tensors = [member for member in self._held if isinstance(member, Tensor)]
        self._seen = self._look()
        self._is_hooked = self._find_hooks()
        self.has_hooks = self._is_hooked or any(part.keys() & CALLED for part in self._parts)
        self.has_gradient_hooks = self._find_gradient_hooks()
        attributes = chain.from_iterable(map(dict.values, self._parts))
        self.has_graph = any(isinstance(each, Tensor) and not each.is_leaf for each in (*self._tensors, *attributes))

    def is_current(self, network: nn.Module) -> bool:
        """Tells whether the parts have the attributes, modules, tensors and hooks that they had, all in their place.

        Args:
            network: The network.

        Returns:
            Whether they have.
        """
        held = self._hold(network)
        try:
            return (
                len(held) == len(self._held)
                and all(map(is_, held, self._held))
                and self._seen == self._look()
                and self._find_hooks() == self._is_hooked
                and self._find_gradient_hooks() == self.has_gradient_hooks
            )
        except (KeyError, RuntimeError, ValueError):  # an attribute is gone, or an array, which has no one truth
            return False

    def _hold(self, network: nn.Module) -> list[Any]:
        """Returns the classes of all parts, and all modules, parameters and buffers."""
        members = chain.from_iterable(map(MEMBERS, self._parts))
        return [*network._modules.values(), *map(type, self._modules), *chain.from_iterable(map(dict.values, members))]

    def _look(self) -> list[Any]:
        """Returns what tensors and attributes are like; attributes that are the same object are not compared."""
        return [
            *map(Tensor.data_ptr, self._tensors),
            *map(Tensor.stride, self._tensors),
            *map(KIND, self._tensors),
            *map(len, self._parts),
            *(read(part) for read, part in zip(self._attributes, self._parts, strict=True)),
        ]

    def _find_hooks(self) -> bool:
        """Tells whether a part has hooks."""
        return any(chain.from_iterable(map(HOOKS, self._parts)))

    def _find_gradient_hooks(self) -> bool:
        """Tells whether a tensor has hooks. They are not compared: torch adds to the dictionary that a tensor has."""
        return any(chain.from_iterable(map(GRADIENT_HOOKS, self._tensors)))
