"""Figure of the utilisation of the devices: how busy each kind of model kept processor and GPU in training."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import COLOURS, GRID, INK, PAGE_IN, QUIET, UNIT
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.utilisation import gpu_value, processors_busy
from mgu.text.printable import printable


class Panel(NamedTuple):
    """Holds one panel.

    Attributes:
        title: What is shown, with its unit.
        value: Function that returns the value of a model; None where it is not known.
    """

    title: str
    value: Callable[[Row], float | None]


def panels_of(table: Table) -> list[Panel]:
    """Chooses what the runs of a table know of it: of the GPU where there is one, else of the processor."""

    def percent(row: Row) -> float | None:
        busy = gpu_value(row, "busy")
        return None if busy is None else 100 * busy

    gpu = [
        Panel("GPU busy [%]", percent),
        Panel("GPU power [W]", lambda row: gpu_value(row, "power_w")),
        Panel("GPU memory [MiB]", lambda row: gpu_value(row, "memory_mib")),
    ]
    every = [*gpu, Panel("processors busy", processors_busy)]
    return [panel for panel in every if any(panel.value(row) is not None for row in table.rows)]


def draw_utilisation(table: Table) -> Figure:
    """Draws one line for each normalisation and each kind of unit: a point for each model, and a bar at their mean.

    Args:
        table: A ranked table of which `panels_of` finds something.

    Returns:
        The figure.
    """
    groups, panels = _groups(table), panels_of(table)
    figure = Figure(figsize=(PAGE_IN, 1.0 + 0.26 * len(groups)), layout="constrained")
    every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(every, panels, strict=True):
        for line, (name, rows) in enumerate(groups.items()):
            _draw_group(axes, line, COLOURS.get(name, GRID if rows[0].is_baseline else UNIT), rows, panel)
        axes.set(xlabel=panel.title, xlim=(0, None), ylim=(len(groups) - 0.5, -0.5))
        axes.grid(axis="x", linewidth=0.3, color=QUIET)
    every[0].set_yticks(range(len(groups)), map(printable, groups))
    figure.suptitle(printable(f"{table.title}: load in training"), fontsize=9)
    return figure


def _groups(table: Table) -> dict[str, list[Row]]:
    """Returns the baselines by normalisation, then the kinds of units."""
    groups: dict[str, list[Row]] = {}
    for row in table.baselines:
        groups.setdefault(row.result.shown_norm or "baseline", []).append(row)
    ordered = {name: groups[name] for name in sorted(groups, key=lambda name: (name not in COLOURS, _place(name)))}
    return ordered | {kind.name: list(kind.rows) for kind in unit_kinds(table)}


def _place(name: str) -> int:
    return list(COLOURS).index(name) if name in COLOURS else len(COLOURS)


def _draw_group(axes: Axes, line: int, colour: str, rows: list[Row], panel: Panel) -> None:
    known = [(row, value) for row in rows if (value := panel.value(row)) is not None]
    for row, value in known:
        marker, size = ("*", 8) if row.is_unit else ("o", 4)
        (point,) = axes.plot(value, line, marker, color=colour, markersize=size, alpha=0.7)
        point.set_gid(f"point-{row.rank}")
    if known:
        axes.plot([fmean(value for _, value in known)] * 2, [line - 0.35, line + 0.35], color=INK, linewidth=1.5)
