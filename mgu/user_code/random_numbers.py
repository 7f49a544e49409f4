"""Global random numbers while a function of the user's gives data: those of a process that has just begun.

Processes that are forked from one server inherit one state of NumPy: a function that draws from it without a seed would
return the same rows to all runs of one command, and others to those of the next. Imports no torch before it is used.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class State(NamedTuple):
    """Holds the state of all global generators on the CPU."""

    python: Any
    numpy: Any
    torch: Tensor


_after_import: dict[str, State] = {}  # by the name of the module


@contextmanager
def unseeded() -> Iterator[None]:
    """Gives global random numbers a seed of the system's for the block, and their state back afterwards.

    Yields:
        None.
    """
    import numpy as np
    import torch

    before = _read()
    random.seed()
    np.random.seed()
    torch.default_generator.seed()
    try:
        yield
    finally:
        _write(before)


def note_import(module: str) -> None:
    """Keeps the state of global random numbers after a module was imported for the first time: it may have seeded them.

    A module is imported once, but its functions may be called for several runs of one process, such as `mgu.load`; and
    a network of the same package may be imported before the data are asked for.

    Args:
        module: Name of the module, which has just been imported.
    """
    state = _read()
    _after_import[module] = state
    _after_import.setdefault(module.partition(".")[0], state)  # as its package left it, or one of its modules did


def go_on_after_import(module: str) -> None:
    """Puts global random numbers into the state that they had when a module, or else its package, was imported.

    Args:
        module: Name of the module. Where nothing is known of it, random numbers stay as they are.
    """
    package = module.partition(".")[0]
    known = _after_import.get(module) if module in sys.modules else _after_import.get(package)
    if known is not None:
        _write(known)


def _read() -> State:
    import numpy as np
    import torch

    return State(random.getstate(), np.random.get_state(), torch.get_rng_state())


def _write(state: State) -> None:
    import numpy as np
    import torch

    random.setstate(state.python)
    np.random.set_state(state.numpy)
    torch.set_rng_state(state.torch)
