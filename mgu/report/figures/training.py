"""Figures of training: histories by layout, and the gate values of units that were explained."""

from __future__ import annotations

import csv
import io
import logging
import math
import re
from statistics import mean
from typing import Any, NamedTuple

import msgspec
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mgu.report.figures.style import COLOURS, GRID, PAGE_IN, QUIET, gate_colours, ink_on_gate, kind_of, kinds_of
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.on_disk.file_names import EXPLAIN_FILE, HISTORY_FILE
from mgu.results.on_disk.sealed import Changed, read_known, unseal
from mgu.results.runs.load import Run
from mgu.text.printable import printable

log = logging.getLogger(__name__)

MOST_LAYOUTS = 12  # panels that fit a page
MOST_LINES = 40  # lines that fit a panel
COLUMNS = 3

History = list[float]  # validation accuracy in percent by epoch


class Gates(NamedTuple):
    """Holds the mean value of every gate of every unit of a model, for the first seed that was explained.

    Attributes:
        name: Name of the run.
        units: Names of the units.
        gates: Names of the gates.
        values: Mean gate values in 0..1, by unit and gate; NaN where a unit does not have the gate.
    """

    name: str
    units: list[str]
    gates: list[str]
    values: list[list[float]]


def load_histories(table: Table) -> dict[str, list[tuple[Row, History]]]:
    """Reads the training histories of a table.

    Args:
        table: A ranked table.

    Returns:
        By layout, in the order of its numbers, the models, best first, each with the mean over its seeds for the epochs
        that all of them trained.
    """
    layouts: dict[str, list[tuple[Row, History]]] = {}
    for row in table.rows:
        if row.result.layout not in layouts and len(layouts) == MOST_LAYOUTS:
            continue
        panel = layouts.setdefault(row.result.layout, [])
        if len(panel) < MOST_LINES or row.is_unit:
            seeds = [history for run in row.runs if (history := _read_history(run))]
            if seeds:
                panel.append((row, [mean(epoch) for epoch in zip(*seeds, strict=False)]))
    return {layout: layouts[layout] for layout in sorted(layouts, key=_numbers) if layouts[layout]}


def draw_histories(table: Table, histories: dict[str, list[tuple[Row, History]]]) -> Figure:
    """Draws one panel for each layout, with thick lines for units.

    Args:
        table: A ranked table.
        histories: Its training histories.

    Returns:
        The figure.
    """
    columns = min(COLUMNS, len(histories))
    lines = math.ceil(len(histories) / columns)
    figure = Figure(figsize=(PAGE_IN, 0.5 + 2.1 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
    for axes, (layout, panel) in zip(panels, histories.items(), strict=False):
        for row, history in sorted(panel, key=lambda pair: pair[0].is_unit):
            style = "--" if row.result.residual else "-"
            axes.plot(range(1, len(history) + 1), history, style, color=COLOURS.get(kind_of(row), GRID),
                      linewidth=2 if row.is_unit else 0.8)  # fmt: skip
        axes.set_title(printable(layout), fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlabel("epoch")
        axes.grid(linewidth=0.3, color=QUIET)
    for axes in panels[len(histories) :]:
        axes.set_visible(False)
    _set_limits(panels[0], [value for panel in histories.values() for _, history in panel for value in history])
    panels[0].set_ylabel("validation accuracy [%]")
    _add_legend(figure, [row for panel in histories.values() for row, _ in panel])
    seeds = ", mean over seeds while all of them train" if table.has_seeds else ""
    figure.suptitle(printable(f"{table.title}{seeds}"), fontsize=9)
    return figure


def load_gates(table: Table) -> Gates | None:
    """Reads the gate values of the best unit that was explained; None if there is none."""
    for row in table.unit_models:
        for run in row.runs:
            if gates := _read_gates(run, table.axes.name(run.result.name, run.result.seed, run.result.config)):
                return gates
    return None


def draw_gates(gates: Gates) -> Figure:
    """Draws one cell for each gate with its mean value, white where it is undecided.

    Args:
        gates: The gate values of a model.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(PAGE_IN, 0.9 + 0.3 * len(gates.units)), layout="constrained")
    axes = figure.subplots()
    # imshow would put pixels into a vector figure.
    mesh = axes.pcolormesh(gates.values, cmap=gate_colours(), vmin=0, vmax=1, edgecolors=QUIET, linewidth=0.5)
    for line, values in enumerate(gates.values):
        for column, value in enumerate(values):
            if math.isnan(value):  # the unit does not have the gate
                continue
            ink = ink_on_gate(value)
            axes.text(column + 0.5, line + 0.5, f"{value:.2f}", color=ink, fontsize=7, ha="center", va="center")
    axes.set_xticks([index + 0.5 for index in range(len(gates.gates))], map(printable, gates.gates))
    axes.set_yticks([index + 0.5 for index in range(len(gates.units))], map(printable, gates.units))
    axes.invert_yaxis()
    axes.set_title(printable(f"{gates.name}: mean gate values"))
    bar = figure.colorbar(mesh, ax=axes, ticks=[0, 0.5, 1], aspect=max(4, 4 * len(gates.units)))
    assert bar.solids
    bar.solids.set_rasterized(False)  # matplotlib would put pixels here, too
    bar.ax.set_yticklabels(["0 closed", "0.5 undecided", "1 open"], fontsize=7)
    return figure


def _numbers(text: str) -> list[tuple[float, str]]:
    """Returns a key by which numbers in a text are sorted by size; `inf` is one."""
    parts = re.split(r"(\d+(?:\.\d+)?|\binf\b)", text)
    return [(float(part), "") if index % 2 else (-1.0, part) for index, part in enumerate(parts)]


def _read_history(run: Run) -> History:
    """Returns the history of a run; empty if the file is missing, damaged or changed, of which a warning tells."""
    file = run.folder / HISTORY_FILE
    try:
        rows = csv.DictReader(io.StringIO(read_known(file, run.result.files, run.packed).decode(), newline=""))
        accuracies = [100 * float(row["val_accuracy"]) for row in rows]
        return accuracies if all(map(math.isfinite, accuracies)) else []
    except Changed as error:
        log.warning("skipped %s: %s", printable(str(file)), error)
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        pass
    return []


def _read_gates(run: Run, name: str) -> Gates | None:
    try:
        units: Any = msgspec.json.decode(unseal(read_known(run.folder / EXPLAIN_FILE, {}, run.packed))[0])["units"]
        gates = list(dict.fromkeys(gate for unit in units for gate in unit["gates"]))
        values = [
            [float(unit["gates"][gate]["statistics"]["mean"]) if gate in unit["gates"] else math.nan for gate in gates]
            for unit in units
        ]
        return Gates(name, [str(unit["name"]) for unit in units], gates, values) if units else None
    except (OSError, ValueError, KeyError, TypeError, msgspec.DecodeError):
        return None


def _set_limits(axes: Any, values: list[float]) -> None:
    """Limits the axis to the range of most epochs: the first ones would compress the rest."""
    ordered = sorted(values)
    low = ordered[len(ordered) // 10]
    axes.set_ylim(low - 0.05 * (ordered[-1] - low) - 0.1, ordered[-1] + 0.5)


def _add_legend(figure: Figure, rows: list[Row]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=COLOURS.get(kind, GRID), label=kind, linewidth=2 if kind == "unit" else 1)
        for kind in kinds_of(rows)
    ]
    if any(row.result.residual for row in rows):
        handles.append(Line2D([], [], color=QUIET, linestyle="--", label="with residual"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
