"""Figures of the results: the ranking with intervals, and accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import (
    COLOURS,
    GRID,
    INK,
    MARKERS,
    PAGE_IN,
    QUIET,
    UNIT,
    kind_of,
    kinds_of,
    label,
    label_log_ticks,
    within_percent,
)
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.schema.energy import describe_method
from mgu.text.printable import printable

MOST_RANKS = 40  # number of the best models that fit a page
FAINT = 0.35  # opacity of models whose cost cannot be compared
MAX_NAME = 60  # letters of a name beside its line, which leave the lines half of the page


def draw_ranks(table: Table) -> Figure:
    """Draws one line for each model, best on top: its mean validation accuracy with the 95 % interval.

    Args:
        table: A ranked table with accuracies.

    Returns:
        The figure; crosses are the paper's accuracies.
    """
    every, shown = ranked_rows(table)
    figure = Figure(figsize=(PAGE_IN, 0.8 + 0.16 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for height, row in enumerate(shown):
        _draw_rank(axes, height, row)
    title = table.title if shown == every else f"{table.title}: the best {MOST_RANKS} of {len(every)}, and the units"
    axes.set_xlim(within_percent(*axes.get_xlim()))
    axes.set(ylim=(len(shown) - 0.4, -0.6), xlabel="validation accuracy [%]", title=printable(title))
    axes.set_yticks(range(len(shown)), [printable(f"{row.rank}  {_fit(row.name)}") for row in shown], fontsize=6)
    for text, row in zip(axes.get_yticklabels(), shown, strict=True):
        text.set_fontweight("bold" if row.is_unit else "normal")
    axes.grid(axis="x", linewidth=0.3, color=QUIET)
    if any(row.paper for row in shown):
        axes.plot([], [], "x", color=QUIET, label="paper (one run)")
        axes.legend(loc="lower left")
    return figure


def _fit(name: str) -> str:
    """Returns a name, or its beginning and its end where it is too long, as that of a network with many axes."""
    half = MAX_NAME // 2
    return name if len(name) <= MAX_NAME else f"{name[:half]}…{name[-half:]}"


def ranked_rows(table: Table) -> tuple[list[Row], list[Row]]:
    """Returns all models with an accuracy, and those that the figure shows."""
    every = [row for row in table.rows if row.val_accuracy is not None]
    return every, every[:MOST_RANKS] + [row for row in every[MOST_RANKS:] if row.is_unit]


def _draw_rank(axes: Axes, height: int, row: Row) -> None:
    spread = row.spread("val")
    assert spread
    colour, marker = (UNIT, "*") if row.is_unit else (GRID, "o")
    if spread.low is not None and spread.high is not None:
        axes.plot([100 * spread.low, 100 * spread.high], [height, height], color=colour, linewidth=1.2)
    (point,) = axes.plot(100 * spread.mean, height, marker, color=colour, markersize=7 if row.is_unit else 4)
    point.set_gid(f"point-{row.rank}")
    if row.paper:
        axes.plot(row.paper.val_acc, height, "x", color=QUIET, markersize=4)


class CostAxis(NamedTuple):
    """Holds the costs of the models on the horizontal axis.

    Attributes:
        title: The kind of cost with its unit and method.
        rows: The models that have a cost.
        values: Their costs.
    """

    title: str
    rows: list[Row]
    values: list[float]

    @property
    def comparable(self) -> set[int]:
        """Indices of the models whose cost can be compared."""
        return {
            k
            for k, row in enumerate(self.rows)
            if not (row.cost.is_disturbed or row.cost.is_starved or row.cost.is_partial)
        }

    @property
    def accuracies(self) -> list[float]:
        """Validation accuracies of the models in percent."""
        return [100 * (row.val_accuracy or 0.0) for row in self.rows]

    @property
    def front(self) -> list[int]:
        """Indices of the models on the Pareto front, cheapest first."""
        alone, accuracies = sorted(self.comparable), self.accuracies
        return [alone[k] for k in pareto_front([self.values[k] for k in alone], [accuracies[k] for k in alone])]


def cost_of(table: Table) -> CostAxis:
    """Chooses the cost to draw: GPU energy, else CPU energy, if one method measured every model; else time."""
    rows = [row for row in table.rows if row.val_accuracy is not None and row.cost.tts_s]
    for part in ("gpu", "cpu"):
        components = [component for row in rows if (component := row.cost.component(part)) and component.kwh > 0]
        methods = {component.method for component in components}
        if len(components) == len(rows) and len(methods) == 1:
            few = "; few readings of runs under 10 s" if any(row.cost.is_short for row in rows) else ""
            title = f"{part.upper()} energy of a run [Wh] ({describe_method(methods.pop())}{few})"
            return CostAxis(title, rows, [1000 * component.kwh for component in components])
    return CostAxis("time to solution of a run [s]", rows, [row.cost.tts_s or 0.0 for row in rows])


def draw_pareto(table: Table) -> Figure:
    """Draws one point for each model by its cost and accuracy, and the Pareto front.

    Args:
        table: A ranked table with accuracies and times.

    Returns:
        The figure; models whose cost cannot be compared are faint and not on the front.
    """
    cost = cost_of(table)
    accuracies, front, comparable = cost.accuracies, cost.front, cost.comparable
    figure = Figure(figsize=(PAGE_IN, 3.6), layout="constrained")
    axes = figure.subplots()
    if len(front) > 1:
        axes.plot([cost.values[k] for k in front], [accuracies[k] for k in front], drawstyle="steps-post",
                  linewidth=0.8, color=INK, label="Pareto front", zorder=1)  # fmt: skip
    for k, (row, value, accuracy) in enumerate(zip(cost.rows, cost.values, accuracies, strict=True)):
        kind = kind_of(row)
        (point,) = axes.plot(value, accuracy, MARKERS.get(kind, "o"), color=COLOURS.get(kind, GRID),
                             markersize=11 if row.is_unit else 5,
                             fillstyle="none" if row.result.residual else "full",
                             alpha=1.0 if k in comparable else FAINT)  # fmt: skip
        point.set_gid(f"point-{row.rank}")
    axes.set(xscale="log", xlabel=cost.title, ylabel="validation accuracy [%]", title=printable(table.title))
    axes.set_ylim(within_percent(*axes.get_ylim()))
    label_log_ticks(axes.xaxis)
    axes.grid(linewidth=0.3, color=QUIET)
    _add_legend(axes, cost)
    return figure


def _add_legend(axes: Axes, cost: CostAxis) -> None:
    """Explains the kinds, fills and opacities that are drawn."""
    for kind in kinds_of(cost.rows):
        axes.plot([], [], MARKERS.get(kind, "o"), color=COLOURS.get(kind, GRID), label=kind)
    if any(row.result.residual for row in cost.rows):
        axes.plot([], [], "o", color=QUIET, fillstyle="none", label="hollow: with residual")
    comparable = cost.comparable
    others = [row.cost for k, row in enumerate(cost.rows) if k not in comparable]
    timed = [result for model in others for result in model.timed]
    causes = {
        "machine shared": any(model.is_starved for model in others) or any(result.contended for result in timed),
        "source not charged": any(model.is_partial for model in others),
        "run resumed": any(result.resumed for result in timed),
    }
    if others:
        because = " or\n".join(cause for cause, is_there in causes.items() if is_there)
        left_out = ",\nnot on the front" if len(cost.front) > 1 else ""
        axes.plot([], [], "o", color=QUIET, alpha=FAINT, label=f"faint: {because}{left_out}")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def pareto_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Finds the models that no other one beats in cost or accuracy while equalling it in the other.

    Args:
        costs: Cost of each model.
        accuracies: Accuracy of each model.

    Returns:
        Their indices, cheapest first.
    """
    front: list[int] = []
    for k in sorted(range(len(costs)), key=lambda k: (costs[k], -accuracies[k])):
        if not front or accuracies[k] > accuracies[front[-1]]:
            front.append(k)
    return front


def labels_of(table: Table) -> dict[str, str]:
    """Returns the labels of the named points of a figure, by name."""
    return {f"point-{row.rank}": label(row) for row in table.rows if row.rank is not None}
