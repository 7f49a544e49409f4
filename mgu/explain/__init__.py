"""Explains the gates of a trained unit: statistics over held-out data, words, figures and a table.

`explain_model` watches the gates during one evaluation and returns an `Explanation`, which `write_explanation` writes
as explain.json. Names are imported when they are first used, so that training does not import matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgu.explain.explanation import can_explain, explain_model, to_json, write_explanation
    from mgu.explain.figures import draw_figures
    from mgu.explain.schema import Explanation
    from mgu.explain.statistics import GateStatistics, GateSummary
    from mgu.explain.terminal import print_explanation

__all__ = [
    "Explanation",
    "GateStatistics",
    "GateSummary",
    "can_explain",
    "draw_figures",
    "explain_model",
    "print_explanation",
    "to_json",
    "write_explanation",
]
_MODULES = {
    "Explanation": "schema",
    "GateStatistics": "statistics",
    "GateSummary": "statistics",
    "can_explain": "explanation",
    "draw_figures": "figures",
    "explain_model": "explanation",
    "print_explanation": "terminal",
    "to_json": "explanation",
    "write_explanation": "explanation",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
