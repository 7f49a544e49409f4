"""Explains the gates of a trained unit: statistics over held-out data, words, figures and a table.

`explain_model` watches the gates during one evaluation and returns an `Explanation`, which `write_explanation` writes
as explain.json. Names are imported when they are first used, so that training does not import matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

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
_HOMES = {
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

__getattr__ = import_on_first_use(__name__, _HOMES)
