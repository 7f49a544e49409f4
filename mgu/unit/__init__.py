"""The Multi Gated Unit: a module that wraps a layer and learns its normalisation, residual and skip by gates.

Start with unit.py and mixing.py (the equations), then wiring.py (what the gates choose among), gates.py and bypass.py.
engine.py picks how a unit is computed: eagerly, packed into one wide layer, or by the compiled kernel of fused.py.
The names are imported on first use, for the parent process needs the wirings and has no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.unit.bypass import build_bypass
    from mgu.unit.engine import ENGINES, Engine
    from mgu.unit.gates import ModuleFactory, build_gate
    from mgu.unit.kernel import KernelKind, find_kernel
    from mgu.unit.settling import Settling
    from mgu.unit.unit import MultiGatedUnit
    from mgu.unit.wiring import (
        BYPASS_KINDS,
        GATE_KINDS,
        GATES,
        WIRINGS,
        BypassKind,
        Choice,
        GateKind,
        Mixing,
        ProcessorStep,
        Wiring,
        build_wiring,
    )

__all__ = [
    "BYPASS_KINDS",
    "ENGINES",
    "GATES",
    "GATE_KINDS",
    "WIRINGS",
    "BypassKind",
    "Choice",
    "Engine",
    "GateKind",
    "KernelKind",
    "Mixing",
    "ModuleFactory",
    "MultiGatedUnit",
    "ProcessorStep",
    "Settling",
    "Wiring",
    "build_bypass",
    "build_gate",
    "build_wiring",
    "find_kernel",
]

_HOMES = {
    **dict.fromkeys(__all__, "wiring"),  # which imports no torch
    **dict.fromkeys(("ENGINES", "Engine"), "engine"),
    **dict.fromkeys(("KernelKind", "find_kernel"), "kernel"),
    **dict.fromkeys(("ModuleFactory", "build_gate"), "gates"),
    "MultiGatedUnit": "unit",
    "Settling": "settling",
    "build_bypass": "bypass",
}

__getattr__ = import_on_first_use(__name__, _HOMES)
