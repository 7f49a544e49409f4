"""Three pictures of what came out: ranks with intervals, accuracy against cost, the best of the grid by budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import COLOURS, GRID, INK, MARKERS, PAGE_IN, QUIET, UNIT, label
from mgu.report.ranking.rank import Row, Table
from mgu.report.stats.budget import Budget
from mgu.results.result import describe_method

MOST_RANKS = 40  # of more, a page shows the best


def draw_ranks(table: Table) -> Figure:
    """A line a model, best on top: mean validation accuracy and its 95 % interval, the paper's figure beside it."""
    rows = [row for row in table.rows if row.val_accuracy is not None]
    shown = rows[:MOST_RANKS] + [row for row in rows[MOST_RANKS:] if row.is_unit]
    figure = Figure(figsize=(PAGE_IN, 0.8 + 0.16 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(shown):
        _draw_rank(axes, place, row)
    axes.set(
        ylim=(len(shown) - 0.4, -0.6), xlabel="validation accuracy [%]", title=_title(table, len(shown), len(rows))
    )
    axes.set_yticks(range(len(shown)), [f"{row.rank}  {row.name}" for row in shown], fontsize=6)
    for text, row in zip(axes.get_yticklabels(), shown, strict=True):
        text.set_fontweight("bold" if row.is_unit else "normal")
    axes.grid(axis="x", linewidth=0.3, color=QUIET)
    if any(row.paper for row in shown):
        axes.plot([], [], "x", color=QUIET, label="paper (one run)")
        axes.legend(loc="lower left")
    return figure


def _draw_rank(axes: Axes, place: int, row: Row) -> None:
    own = row.spread("val")
    assert own
    colour, marker = (UNIT, "*") if row.is_unit else (GRID, "o")
    if own.low is not None and own.high is not None:
        axes.plot([100 * own.low, 100 * own.high], [place, place], color=colour, linewidth=1.2)
    (point,) = axes.plot(100 * own.mean, place, marker, color=colour, markersize=7 if row.is_unit else 4)
    point.set_gid(f"point-{row.rank}")
    if row.paper:
        axes.plot(row.paper.val_acc, place, "x", color=QUIET, markersize=4)


class Cost(NamedTuple):
    """What is drawn across, and of which rows."""

    title: str
    rows: list[Row]
    values: list[float]


def cost_of(table: Table) -> Cost:
    """Energy of the GPU, else of the CPU, where every run has it by one method; else time to solution."""
    rows = [row for row in table.rows if row.val_accuracy is not None and row.tts_s]
    for part in ("gpu", "cpu"):
        components = [component for row in rows if (component := row.component(part)) and component.kwh > 0]
        methods = {component.method for component in components}
        if len(components) == len(rows) and len(methods) == 1:
            few = "; few readings of runs under 10 s" if any(row.is_short for row in rows) else ""
            title = f"{part.upper()} energy of a run [Wh] ({describe_method(methods.pop())}{few})"
            return Cost(title, rows, [1000 * component.kwh for component in components])
    return Cost("time to solution of a run [s]", rows, [row.tts_s or 0.0 for row in rows])


def draw_pareto(table: Table) -> Figure:
    """A point a model; the line is the Pareto front: nothing is both cheaper and better than what lies on it."""
    cost = cost_of(table)
    accuracies = [100 * (row.val_accuracy or 0.0) for row in cost.rows]
    figure = Figure(figsize=(PAGE_IN, 3.6), layout="constrained")
    axes = figure.subplots()
    alone = [k for k, row in enumerate(cost.rows) if not (row.is_disturbed or row.is_starved)]
    front = [alone[k] for k in pareto_front([cost.values[k] for k in alone], [accuracies[k] for k in alone])]
    axes.plot([cost.values[k] for k in front], [accuracies[k] for k in front], drawstyle="steps-post", linewidth=0.8,
              color=INK, label="Pareto front", zorder=1)  # fmt: skip
    for row, value, accuracy in zip(cost.rows, cost.values, accuracies, strict=True):
        norm = row.result.norm
        (point,) = axes.plot(value, accuracy, MARKERS.get(norm, "o"), color=COLOURS.get(norm, GRID),
                             markersize=11 if row.is_unit else 5,
                             fillstyle="none" if row.result.residual else "full",
                             alpha=0.35 if row.is_disturbed or row.is_starved else 1.0)  # fmt: skip
        point.set_gid(f"point-{row.rank}")
    for norm in dict.fromkeys(row.result.norm for row in cost.rows):
        axes.plot([], [], MARKERS.get(norm, "o"), color=COLOURS.get(norm, GRID), label=norm or "unit")
    if any(row.result.residual for row in cost.rows):
        axes.plot([], [], "o", color=QUIET, fillstyle="none", label="hollow: with residual")
    if len(alone) < len(cost.rows):
        axes.plot([], [], "o", color=QUIET, alpha=0.35, label="faint: machine shared,\nor resumed; not on\nthe front")
    axes.set(xscale="log", xlabel=cost.title, ylabel="validation accuracy [%]", title=table.title)
    axes.grid(linewidth=0.3, color=QUIET)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def pareto_front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Places of what nothing beats in one and equals in the other, cheapest first."""
    front: list[int] = []
    for k in sorted(range(len(costs)), key=lambda k: (costs[k], -accuracies[k])):
        if not front or accuracies[k] > accuracies[front[-1]]:
            front.append(k)
    return front


def draw_budget(table: Table, curve: Budget) -> Figure:
    """Expected accuracy of the best so far with its band, and the unit where its own cost is."""
    unit = table.best(table.units)
    assert unit
    own = unit.spread(table.tested)
    figure = Figure(figsize=(PAGE_IN, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(curve.seconds, 100 * curve.low, 100 * curve.high, step="post", color=GRID, alpha=0.2, linewidth=0,
                      label="four of five searches")  # fmt: skip
    axes.plot(curve.seconds, 100 * curve.expected, color=GRID, label="best of the grid so far, expected")
    if own and own.low is not None and own.high is not None:
        axes.plot([curve.unit_s] * 2, [100 * own.low, 100 * own.high], color=UNIT, linewidth=1.2)
    (point,) = axes.plot(curve.unit_s, 100 * curve.unit_accuracy, "*", color=UNIT, markersize=11, label=unit.name)
    point.set_gid(f"point-{unit.rank}")
    axes.axhline(100 * curve.unit_accuracy, color=UNIT, linewidth=0.6, linestyle=":")
    floor = 100 * min(curve.unit_accuracy, float(curve.expected[len(curve.expected) // 20]))
    ceiling = 100 * max(curve.unit_accuracy, float(curve.high[-1]))
    pad = 0.1 * (ceiling - floor) or 1.0
    images = "test" if table.tested == "test" else "validation"
    axes.set(xlim=(0, None), ylim=(floor - pad, ceiling + pad), xlabel="time spent on the grid in random order [s]",
             ylabel=f"{images} accuracy [%]", title=table.title)  # fmt: skip
    axes.grid(linewidth=0.3, color=QUIET)
    axes.legend(loc="lower right")
    return figure


def labels_of(table: Table) -> dict[str, str]:
    """What the points that carry a name in a picture say of themselves."""
    return {f"point-{row.rank}": label(row) for row in table.rows if row.rank is not None}


def _title(table: Table, shown: int, every: int) -> str:
    return table.title if shown == every else f"{table.title}: the best {MOST_RANKS} of {every}, and the units"
