"""Figure of searches: the best score so far by what was spent on each clock, with the unit at its own cost."""

from __future__ import annotations

from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgu.report.figures.style import PAGE_IN, QUIET, UNIT, label_log_ticks, within_percent
from mgu.report.searches.against_random import MULTIPLES
from mgu.report.searches.contender import BAND, Contender, quantile
from mgu.report.searches.equal_cost import EqualCost
from mgu.search.clock import PROCESSOR, WALL
from mgu.text.printable import printable

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")  # Okabe and Ito, without the unit's
DASHES = ("-", "--", "-.", ":")
POINTS = 200  # of a curve


def draw_anytime(searches: EqualCost) -> Figure:
    """Draws the median of each strategy's studies with the band that four of five lie in, one panel for each clock.

    Args:
        searches: The searches.

    Returns:
        The figure.
    """
    by_clocks = searches.by_clocks
    figure = Figure(figsize=(PAGE_IN, 3.6 * len(by_clocks)), layout="constrained")
    for by_clock, [axes] in zip(by_clocks, figure.subplots(len(by_clocks), squeeze=False), strict=True):
        _draw(by_clock, axes)
    figure.suptitle(printable(searches.table.title))
    return figure


def _draw(searches: EqualCost, axes: Axes) -> None:
    """Draws the best score of each strategy by cost (the median, and where four of five studies lie), and the unit."""
    scale = 100 if searches.score.is_percent else 1
    shown = []
    for contender, colour, dash in zip(searches.contenders, cycle(COLOURS), cycle(DASHES), strict=False):
        spent, low, middle, high = bands(contender)
        if not spent:
            continue
        spent = [searches.clock.scale * amount for amount in spent]
        shown += middle
        axes.fill_between(spent, [scale * v for v in low], [scale * v for v in high], step="post", color=colour,
                          alpha=0.15, linewidth=0)  # fmt: skip
        axes.step(spent, [scale * v for v in middle], where="post", color=colour, linestyle=dash,
                  label=f"{printable(contender.name)} ({len(contender.curves)})")  # fmt: skip
    if unit := searches.unit:
        cost = searches.clock.scale * unit.cost
        axes.plot(cost, scale * unit.val, "*", color=UNIT, markersize=11, label=printable(unit.name))
        axes.axhline(scale * unit.val, color=UNIT, linewidth=0.6, linestyle=":")
        for multiple in MULTIPLES:
            axes.axvline(multiple * cost, color=UNIT, linewidth=0.4, linestyle=":")
    if shown:
        known = [*shown, *([searches.unit.val] if searches.unit else [])]
        floor, ceiling = min(quantile(shown, 0.2), known[-1]), max(known)
        pad = 0.15 * (ceiling - floor) or 0.01
        ends = scale * (floor - pad), scale * (ceiling + pad)
        axes.set_ylim(within_percent(*ends) if searches.score.is_percent else ends)
    unit_text = " [%]" if scale == 100 else ""
    whose = "of all trials and of the strategy" if searches.clock in (WALL, PROCESSOR) else "of all trials"
    axes.set(xscale="log", xlabel=f"{searches.clock.title} {whose} [{searches.clock.unit}]",
             ylabel=f"validation {searches.score.metric}{unit_text}")  # fmt: skip
    label_log_ticks(axes.xaxis)
    axes.grid(linewidth=0.3, color=QUIET)
    axes.legend(loc="lower right")


def bands(contender: Contender) -> tuple[list[float], list[float], list[float], list[float]]:
    """Returns costs on a logarithmic scale, once half of the studies have an incumbent, and quantiles of scores."""
    begins = sorted(
        curve.steps[0].spent(contender.clock) if curve.steps else float("inf") for curve in contender.curves
    )
    if (first := begins[(len(begins) - 1) // 2]) == float("inf"):
        return [], [], [], []
    if not first:  # told for nothing, and a logarithm has no zero
        amounts = (step.spent(contender.clock) for curve in contender.curves for step in curve.steps)
        first = min((amount for amount in amounts if amount), default=1.0)
    last = max(first, min(map(contender.spent, contender.curves)))
    spent = [first * (last / first) ** (k / (POINTS - 1)) for k in range(POINTS)]
    quantiles: tuple[list[float], list[float], list[float]] = ([], [], [])
    for amount in spent:
        steps = [curve.at(amount, contender.clock) for curve in contender.curves]
        vals = [value for step in steps if (value := contender.before if step is None else step.val) is not None]
        for share, values in zip((BAND[0], 0.5, BAND[1]), quantiles, strict=True):
            values.append(quantile(vals, share))
    return spent, *quantiles
