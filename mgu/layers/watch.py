"""Whether the parts of a network are what they were, found out in a small part of a training step.

What is remembered of a network, such as how it is computed, holds for as long as they are. So this looks at all modules
by the dictionaries that they keep, and not one by one.
"""

from __future__ import annotations

from itertools import chain
from operator import is_, itemgetter
from typing import Any

from torch import Tensor, nn

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
COMMON = vars(nn.Module()).keys() - {"training"}  # dictionaries of every module, which stay the same objects


class Watch:
    """Sees whether the parts of a network are what they were.

    Args:
        network: The network, whose own attributes and hooks do not matter: whoever calls it calls them.
    """

    def __init__(self, network: nn.Module) -> None:
        own = [vars(module) for module in network.modules()]
        self._parts = own[1:]
        self._attributes = [itemgetter(*(part.keys() - COMMON), "training") for part in self._parts]
        self._hooks = [part[name] for part in self._parts for name in HOOKS]
        self._members = [part["_modules"] for part in own]
        self._members += [part[name] for part in self._parts for name in ("_parameters", "_buffers")]
        self._has_hooks = any(self._hooks)
        self.has_hooks = self._has_hooks or any("forward" in part for part in self._parts)
        self._sizes, self._values = self._measure(), self._read()
        self._held = self._hold()
        self._tensors = [member for member in self._held if isinstance(member, Tensor)]
        self._places = list(map(Tensor.data_ptr, self._tensors))

    def is_current(self) -> bool:
        """Tells whether the parts have the attributes, modules, tensors and hooks that they had, all in their place."""
        held = self._hold()
        return (
            len(held) == len(self._held)
            and all(map(is_, held, self._held))
            and self._places == list(map(Tensor.data_ptr, self._tensors))
            and self._sizes == self._measure()
            and self._values == self._read()
            and any(self._hooks) == self._has_hooks
        )

    def _hold(self) -> list[Any]:
        """Returns all modules, parameters and buffers."""
        return list(chain.from_iterable(map(dict.values, self._members)))

    def _measure(self) -> list[int]:
        """Returns how many attributes the parts have."""
        return list(map(len, self._parts))

    def _read(self) -> list[Any]:
        """Returns the attributes of the parts; those that are the same object are not compared any further."""
        return [read(part) for read, part in zip(self._attributes, self._parts, strict=True)]
