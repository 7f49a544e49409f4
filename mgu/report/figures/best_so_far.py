"""The picture that answers the question: what searches of the grid, and each unit, reach at which cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import GRID, INK, QUIET, UNIT, label_log_ticks
from mgu.report.ranking.row import Row
from mgu.report.stats.best_so_far import BASES, BestSoFar
from mgu.report.stats.in_order import GridInOrder
from mgu.report.stats.verdict import Verdict
from mgu.text.printable import printable

UNIT_COLOURS = (UNIT, "#E69F00", "#CC79A7", "#009E73")  # of kinds, best first; from the fifth on the last one
UNIT_MARKERS = ("*", "P", "X", "D")
SIZE_IN = (5.0, 4.5)  # narrow and high, for a telephone, too
STRETCH = 6  # the height of the picture is at most so many times what a search gains after a quarter of the grid
LEAST_HEIGHT = 2.0  # points of accuracy


def draw_best_so_far(curve: BestSoFar, in_order: GridInOrder | None, verdicts: list[Verdict]) -> Figure:
    """Draws accuracy over cost: a search in random order with its band, the grid in order, each unit, the default.

    Args:
        curve: Expected best-so-far of the grid search.
        in_order: The grid trained in its own order.
        verdicts: The kinds of units.

    Returns:
        The figure, with a logarithmic axis of cost.
    """
    table = curve.table
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.subplots()
    seconds = curve.seconds[1:]  # no logarithm of zero
    axes.fill_between(seconds, 100 * curve.low[1:], 100 * curve.high[1:], step="post", color=GRID, alpha=0.18,
                      linewidth=0, label="four of five random searches")  # fmt: skip
    axes.plot(seconds, 100 * curve.expected[1:], color=GRID, label="random search, expected")
    if in_order:
        axes.plot(in_order.seconds, [100 * value for value in in_order.accuracies], color=INK, linewidth=0.9,
                  linestyle="--", drawstyle="steps-post", label="grid in order")  # fmt: skip
    points = [*_units(curve, verdicts), *_defaults(curve, verdicts)]
    _set_limits(axes, curve, points)
    for point in points:
        _draw_point(axes, curve, point)
    examples = "test" if table.tested == "test" else "validation"
    axes.set(xscale="log", xlabel=f"cost: {BASES[curve.basis]} [s], logarithmic", ylabel=f"{examples} accuracy [%]",
             title=printable(table.title))  # fmt: skip
    label_log_ticks(axes.xaxis)
    axes.grid(linewidth=0.3, color=QUIET)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


class Point(NamedTuple):
    """Holds a model that is drawn at its cost.

    Attributes:
        row: The model.
        cost_s: Its cost, or that of all models of its kind, in seconds.
        accuracy: Its mean accuracy in percent.
        name: What the legend calls it.
        marker: Its marker, as matplotlib has it.
        colour: Its colour.
    """

    row: Row
    cost_s: float
    accuracy: float
    name: str
    marker: str
    colour: str


def _defaults(curve: BestSoFar, verdicts: list[Verdict]) -> list[Point]:
    """Returns the default networks that the units are compared with, each once."""
    rows = {id(default.baseline): default.baseline for verdict in verdicts for default in verdict.defaults}
    return [
        point
        for row, marker in zip(rows.values(), cycle("so"), strict=False)
        if (point := _point(curve, row, [row], f"default: {row.name}", (marker, INK)))
    ]


def _units(curve: BestSoFar, verdicts: list[Verdict]) -> list[Point]:
    """Returns the best model of each kind of unit, at the cost of all of its kind."""
    last = len(UNIT_COLOURS) - 1
    styles = [(UNIT_MARKERS[min(k, last)], UNIT_COLOURS[min(k, last)]) for k in range(len(verdicts))]
    return [
        point
        for verdict, style in zip(verdicts, styles, strict=True)
        if (point := _point(curve, verdict.unit, verdict.kind.rows, verdict.kind.name, style))
    ]


def _point(curve: BestSoFar, row: Row, paid: Sequence[Row], name: str, style: tuple[str, str]) -> Point | None:
    spread, cost_s = row.spread(curve.table.tested), curve.cost_of(paid)
    return Point(row, cost_s, 100 * spread.mean, name, *style) if spread and cost_s else None


def _draw_point(axes: Axes, curve: BestSoFar, point: Point) -> None:
    """Draws a model with the 95 % interval of its accuracy over seeds; at the lower edge if it lies below."""
    spread, floor = point.row.spread(curve.table.tested), axes.get_ylim()[0]
    is_below = bool(point.accuracy < floor)
    if spread and spread.low is not None and spread.high is not None:
        axes.plot([point.cost_s] * 2, [100 * spread.low, 100 * spread.high], color=point.colour, linewidth=1.2)
    name = f"{printable(point.name)}: {point.accuracy:.2f} %, {point.cost_s:,.3g} s"
    size = 10 if point.row.is_unit else 5
    (drawn,) = axes.plot(
        point.cost_s, max(point.accuracy, floor), "v" if is_below else point.marker, color=point.colour,
        markersize=size, clip_on=False, zorder=3, label=f"{name}, below" if is_below else name,
    )  # fmt: skip
    drawn.set_gid(f"point-{point.row.rank}")


def _set_limits(axes: Axes, curve: BestSoFar, points: Sequence[Point]) -> None:
    """Limits both axes to what can be compared: the start of a search, which is as good as guessing, is cut."""
    costs, accuracies = [point.cost_s for point in points], [point.accuracy for point in points]
    spreads = [point.row.spread(curve.table.tested) for point in points]
    accuracies += [100 * end for spread in spreads if spread for end in (spread.low, spread.high) if end is not None]
    middle = 100 * float(curve.expected[curve.at(curve.seconds[-1] / 4)])
    ceiling = max([100 * float(curve.high[-1]), *accuracies])
    lowest = ceiling - max(STRETCH * (ceiling - middle), LEAST_HEIGHT)  # what lies lower is drawn at the edge
    floor = max(lowest, min([middle, *accuracies]))
    pad = 0.08 * (ceiling - floor) or 1.0
    axes.set_ylim(floor - pad, min(ceiling + pad, 100.5))
    first = float(curve.seconds[(curve.expected > curve.expected[0]).argmax()]) or float(curve.seconds[1])
    axes.set_xlim(min([first, *costs]) / 1.3, max([float(curve.seconds[-1]), *costs]) * 1.15)
