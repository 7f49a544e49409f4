"""Random numbers after a module of the user's was imported: the same whether that was now or for an earlier run.

A module may seed the generators when it is imported, which is once in a process.
"""

from __future__ import annotations

import sys
from typing import Any

from mgu.random_numbers.generators import get_states, set_states

_after_import: dict[str, dict[str, Any]] = {}  # states by the name of the module


def note_import(module: str) -> None:
    """Keeps the states after a module was imported for the first time: it may have seeded the generators.

    A module is imported once, but its functions may be called for several runs of one process, such as `mgu.load`; and
    a network of the same package may be imported before the data are asked for.

    Args:
        module: Name of the module, which has just been imported.
    """
    states = get_states()
    _after_import[module] = states
    _after_import.setdefault(module.partition(".")[0], states)  # as its package left it, or one of its modules did


def go_on_after_import(module: str) -> None:
    """Puts the generators into the states that they had when a module, or else its package, was imported.

    Args:
        module: Name of the module. Where nothing is known of it, random numbers stay as they are.
    """
    package = module.partition(".")[0]
    known = _after_import.get(module) if module in sys.modules else _after_import.get(package)
    if known is not None:
        set_states(known)
