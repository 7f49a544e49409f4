"""Global random numbers while a function of the user's is called: those of a process that has just begun.

Processes that are forked from one server inherit one state of NumPy: a function that draws from it without a seed would
return the same rows to all runs of one command, and others to those of the next.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
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
    before = _read()
    random.seed()
    np.random.seed()
    torch.default_generator.seed()
    try:
        yield
    finally:
        _write(before)


def go_on_after_import(module: str) -> None:
    """Puts global random numbers into the state that they had when a module was imported: it may have seeded them.

    A module is imported once, but its functions may be called for several runs of one process, such as `mgu.load`.

    Args:
        module: Name of the module, which has just been imported, or was before.
    """
    _write(_after_import.setdefault(module, _read()))


def _read() -> State:
    return State(random.getstate(), np.random.get_state(), torch.get_rng_state())


def _write(state: State) -> None:
    random.setstate(state.python)
    np.random.set_state(state.numpy)
    torch.set_rng_state(state.torch)
