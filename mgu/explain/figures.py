"""Figures of an explanation as SVG and PNG, at the width of a page.

The same explanation gives the same bytes: no dates, no random names, no settings of the user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import rc_context, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.explain.schema import Explanation
from mgu.explain.statistics import DRAWN_BINS, GateSummary
from mgu.explain.topology import PAGE_IN, describe_data, draw_topology, list_gates
from mgu.results.on_disk.files import replacing

BAR, MEDIAN = "#2171b5", "#d95f02"  # blue and orange differ for all common kinds of colour vision, and in grey
STYLE: dict[str, Any] = {
    "font.size": 7,
    "axes.linewidth": 0.5,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "mgu",
    "savefig.dpi": 200,
    "text.parse_math": False,  # the name of a run may have dollar signs
}


def draw_figures(folder: Path, explanation: Explanation) -> list[str]:
    """Draws the histograms and the topology of an explanation and writes them.

    Args:
        folder: Where the files go.
        explanation: The explanation.

    Returns:
        The names of the files.
    """
    names = []
    with rc_context(), style.context(["default", STYLE]):
        for name, figure in (("gates", draw_gates(explanation)), ("topology", draw_topology(explanation))):
            for kind, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
                with replacing(folder / f"{name}.{kind}") as temporary:
                    figure.savefig(temporary, format=kind, metadata=metadata)
                names.append(f"{name}.{kind}")
    return names


def draw_gates(explanation: Explanation) -> Figure:
    """Draws a histogram of gate values for each layer (down) and gate (across)."""
    units, gates = explanation.units, list_gates(explanation)
    height_in = 1.3 + len(units) * max(0.36, min(0.9, 4 / len(units)))
    figure = Figure(figsize=(PAGE_IN, height_in))
    grid = figure.subplots(len(units), len(gates), squeeze=False, sharex=True)
    for row, unit in zip(grid, units, strict=True):
        for axes, gate in zip(row, gates, strict=True):
            _draw_histogram(axes, unit.gates[gate].statistics)
        row[0].set_ylabel(unit.name, rotation=0, ha="right", va="center")
    for axes, gate in zip(grid[0], gates, strict=True):
        explained = units[0].gates[gate]
        axes.set_title(f"{gate}\n0: {explained.when_closed}\n1: {explained.when_open}", fontsize=7)
    for axes in grid[-1]:
        axes.set_xlabel("gate value")
    title = f"{describe_data(explanation)}: frequency of gate values, with a line at the median"
    figure.text(0.09, 1 - 0.08 / height_in, title, va="top")
    top, bottom = 1 - 0.87 / height_in, 0.36 / height_in
    figure.subplots_adjust(left=0.09, right=0.985, top=top, bottom=bottom, hspace=0.25, wspace=0.12)
    return figure


def _draw_histogram(axes: Axes, summary: GateSummary) -> None:
    """Draws a histogram in proportion to its highest bar, with a line at the median."""
    highest, edges = max(summary.histogram), [index / DRAWN_BINS for index in range(DRAWN_BINS + 1)]
    axes.stairs([count / highest for count in summary.histogram], edges, fill=True, color=BAR)
    axes.axvline(summary.median, color=MEDIAN, linewidth=1.2)
    axes.set(xlim=(0, 1), ylim=(0, 1.05), xticks=(0, 0.5, 1), xticklabels=("0", ".5", "1"), yticks=())
    axes.tick_params(length=2, width=0.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
