"""The picture that answers the question: what searches of the grid, and each unit, reach at which cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import GRID, INK, QUIET, UNIT, label_log_ticks
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import Spread
from mgu.report.stats.best_so_far import BASES, BestSoFar
from mgu.report.stats.in_order import grid_in_order
from mgu.report.stats.sentences import is_over_part, unit_accuracy
from mgu.report.stats.verdict import Verdict
from mgu.results.schema.replicate import Replicate, count_replicates
from mgu.text.printable import printable

UNIT_COLOURS = (UNIT, "#E69F00", "#CC79A7", "#009E73")  # of kinds, best first; from the fifth on the last one
UNIT_MARKERS = ("*", "P", "X", "D")
EXPECTED, SEARCH_LINES = "random search, expected", ("-", "-.", ":")
SIZE_IN = (5.0, 4.5)  # narrow and high, for a telephone, too
STRETCH = 6  # the height of the picture is at most so many times what a search gains after a quarter of the grid
LEAST_HEIGHT = 2.0  # points of accuracy


def draw_best_so_far(curve: BestSoFar, verdicts: Sequence[Verdict]) -> Figure:
    """Draws accuracy over cost: a search in random order with its band, the grid in order, each unit, the default.

    Searches are drawn over the seeds that the differences from them are over, which kinds of units may have others of.

    Args:
        curve: Expected best-so-far of the grid search.
        verdicts: The kinds of units.

    Returns:
        The figure, with a logarithmic axis of cost.
    """
    table = curve.table
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.subplots()
    searches = _searches(curve, verdicts)
    for search, style in zip(searches, cycle(SEARCH_LINES), strict=False):
        _draw_search(axes, search, style, is_first=search is searches[0])
    in_order = grid_in_order(searches[0].curve)
    axes.plot(in_order.seconds, [100 * value for value in in_order.accuracies], color=INK, linewidth=0.9,
              linestyle="--", drawstyle="steps-post", label="grid in order")  # fmt: skip
    points = [*_units(curve, verdicts), *_defaults(searches[0].curve, verdicts)]
    _set_limits(axes, [search.curve for search in searches], points)
    for point in points:
        _draw_point(axes, point)
    examples = "test" if table.tested == "test" else "validation"
    axes.set(xscale="log", xlabel=f"cost: {BASES[curve.basis]} [s], logarithmic", ylabel=f"{examples} accuracy [%]",
             title=printable(table.title))  # fmt: skip
    label_log_ticks(axes.xaxis)
    axes.grid(linewidth=0.3, color=QUIET)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


class Search(NamedTuple):
    """Holds a search in random order over the seeds that some kinds of units share with the grid.

    Attributes:
        label: What the legend calls it.
        curve: Its expected best-so-far.
    """

    label: str
    curve: BestSoFar


def _searches(curve: BestSoFar, verdicts: Sequence[Verdict]) -> list[Search]:
    """Returns a search for each set of seeds that a kind of unit is compared over, that of the best kind first."""
    names: dict[frozenset[Replicate], list[str]] = {}
    for verdict in verdicts:
        if verdict.search:
            names.setdefault(frozenset(verdict.search.shared), []).append(printable(verdict.kind.name))
    if not names:
        return [Search(EXPECTED, curve)]
    are_all = len(names) == 1 and not any(
        verdict.search and is_over_part(verdict.search, curve) for verdict in verdicts
    )
    searches = []
    for shared, kinds in names.items():
        of_which = f" of {' and '.join(kinds)}" if len(names) > 1 else ""
        over = "" if are_all or not shared else f",\nover {count_replicates(shared, 'shared ')}{of_which}"
        searches.append(Search(f"{EXPECTED}{over}", curve.over(shared)))
    return searches


def _draw_search(axes: Axes, search: Search, style: str, *, is_first: bool) -> None:
    """Draws what a search is expected to find, and the band that four of five lie in."""
    curve = search.curve
    seconds = curve.seconds[1:]  # no logarithm of zero
    axes.fill_between(seconds, 100 * curve.low[1:], 100 * curve.high[1:], step="post", color=GRID, alpha=0.18,
                      linewidth=0, label="four of five random searches" if is_first else None)  # fmt: skip
    axes.plot(seconds, 100 * curve.expected[1:], color=GRID, linestyle=style, label=search.label)


class Point(NamedTuple):
    """Holds a model that is drawn at its cost.

    Attributes:
        row: The model.
        cost_s: Its cost, or that of all models of its kind, in seconds.
        accuracy: Its mean accuracy in percent, over the seeds that it shares with the search.
        interval: The 95 % interval of that, in percent; empty where there is none.
        name: What the legend calls it.
        marker: Its marker, as matplotlib has it.
        colour: Its colour.
    """

    row: Row
    cost_s: float
    accuracy: float
    interval: tuple[float, ...]
    name: str
    marker: str
    colour: str


def _defaults(curve: BestSoFar, verdicts: Sequence[Verdict]) -> list[Point]:
    """Returns the default networks that the units are compared with, each once."""
    rows = {id(default.baseline): default.baseline for verdict in verdicts for default in verdict.defaults}
    points = []
    for row, marker in zip(rows.values(), cycle("so"), strict=False):
        cost_s, spread = curve.cost_of([row]), row.spread_over(curve.wins, curve.table.tested)
        if cost_s and spread:
            name = f"default: {row.name}"
            points.append(Point(row, cost_s, 100 * spread.mean, _interval(spread), name, marker, INK))
    return points


def _units(curve: BestSoFar, verdicts: Sequence[Verdict]) -> list[Point]:
    """Returns the best model of each kind of unit, at the cost of all of its kind."""
    last = len(UNIT_COLOURS) - 1
    points = []
    for k, verdict in enumerate(verdicts):
        shared = verdict.search.shared if verdict.search else ()
        cost_s, spread = curve.cost_of(verdict.kind.rows), verdict.unit.spread_over(shared, curve.table.tested)
        if cost_s and spread:
            style = (UNIT_MARKERS[min(k, last)], UNIT_COLOURS[min(k, last)])
            accuracy = 100 * unit_accuracy(verdict)
            points.append(Point(verdict.unit, cost_s, accuracy, _interval(spread), verdict.kind.name, *style))
    return points


def _interval(spread: Spread) -> tuple[float, ...]:
    return tuple(100 * end for end in (spread.low, spread.high) if end is not None)


def _draw_point(axes: Axes, point: Point) -> None:
    """Draws a model with the 95 % interval of its accuracy over seeds; at the lower edge if it lies below."""
    floor = axes.get_ylim()[0]
    is_below = bool(point.accuracy < floor)
    if point.interval:
        axes.plot([point.cost_s] * 2, point.interval, color=point.colour, linewidth=1.2)
    name = f"{printable(point.name)}: {point.accuracy:.2f} %, {point.cost_s:,.3g} s"
    size = 10 if point.row.is_unit else 5
    (drawn,) = axes.plot(
        point.cost_s, max(point.accuracy, floor), "v" if is_below else point.marker, color=point.colour,
        markersize=size, clip_on=False, zorder=3, label=f"{name}, below" if is_below else name,
    )  # fmt: skip
    drawn.set_gid(f"point-{point.row.rank}")


def _set_limits(axes: Axes, curves: Sequence[BestSoFar], points: Sequence[Point]) -> None:
    """Limits both axes to what can be compared: the start of a search, which is as good as guessing, is cut."""
    costs = [point.cost_s for point in points]
    accuracies = [value for point in points for value in (point.accuracy, *point.interval)]
    middle = min(100 * float(curve.expected[curve.at(curve.seconds[-1] / 4)]) for curve in curves)
    ceiling = max([*(100 * float(curve.high[-1]) for curve in curves), *accuracies])
    lowest = ceiling - max(STRETCH * (ceiling - middle), LEAST_HEIGHT)  # what lies lower is drawn at the edge
    floor = max(lowest, min([middle, *accuracies]))
    pad = 0.08 * (ceiling - floor) or 1.0
    axes.set_ylim(floor - pad, min(ceiling + pad, 100.5))
    seconds = curves[0].seconds  # of all of them, which differ in their seeds
    begins = [(curve.expected > curve.expected[0]).argmax() for curve in curves]
    first = min(float(seconds[begin]) or float(seconds[1]) for begin in begins)
    axes.set_xlim(min([first, *costs]) / 1.3, max([float(seconds[-1]), *costs]) * 1.15)
