"""Figure of searches: the best score so far by what was spent, with the unit at its own cost."""

from __future__ import annotations

from itertools import cycle

from matplotlib.figure import Figure

from mgu.errors import printable
from mgu.report.figures.style import PAGE_IN, QUIET, UNIT, label_log_ticks
from mgu.report.searches.contender import BAND, Contender, quantile
from mgu.report.searches.equal_cost import MULTIPLES, EqualCost

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#000000")  # Okabe and Ito, without the unit's
DASHES = ("-", "--", "-.", ":")
POINTS = 200  # of a curve


def draw_anytime(found: EqualCost) -> Figure:
    """Draws the median of each strategy's studies with the band that four of five lie in.

    Args:
        found: The searches.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(PAGE_IN, 3.6), layout="constrained")
    axes = figure.subplots()
    scale = 100 if found.score.metric == "accuracy" else 1
    shown = []
    for own, colour, dash in zip(found.contenders, cycle(COLOURS), cycle(DASHES), strict=False):
        seconds, low, middle, high = bands(own)
        if not seconds:
            continue
        shown += middle
        axes.fill_between(seconds, [scale * v for v in low], [scale * v for v in high], step="post", color=colour,
                          alpha=0.15, linewidth=0)  # fmt: skip
        axes.step(seconds, [scale * v for v in middle], where="post", color=colour, linestyle=dash,
                  label=f"{printable(own.name)} ({len(own.curves)})")  # fmt: skip
    if unit := found.unit:
        axes.plot(unit.seconds, scale * unit.val, "*", color=UNIT, markersize=11, label=printable(unit.name))
        axes.axhline(scale * unit.val, color=UNIT, linewidth=0.6, linestyle=":")
        for multiple in MULTIPLES:
            axes.axvline(multiple * unit.seconds, color=UNIT, linewidth=0.4, linestyle=":")
    if shown:
        known = [*shown, *([found.unit.val] if found.unit else [])]
        floor, ceiling = min(quantile(shown, 0.2), known[-1]), max(known)
        pad = 0.15 * (ceiling - floor) or 0.01
        axes.set_ylim(scale * (floor - pad), scale * (ceiling + pad))
    unit_text = " [%]" if scale == 100 else ""
    axes.set(xscale="log", xlabel="time of all trials and of the strategy [s]",
             ylabel=f"validation {found.score.metric}{unit_text}", title=printable(found.table.title))  # fmt: skip
    label_log_ticks(axes.xaxis)
    axes.grid(linewidth=0.3, color=QUIET)
    axes.legend(loc="lower right")
    return figure


def bands(own: Contender) -> tuple[list[float], list[float], list[float], list[float]]:
    """Returns times on a logarithmic scale, once half of the studies have an incumbent, and quantiles of scores."""
    begins = sorted(curve.steps[0].seconds if curve.steps else float("inf") for curve in own.curves)
    if (first := begins[(len(begins) - 1) // 2]) == float("inf"):
        return [], [], [], []
    last = max(first, min(curve.spent_s for curve in own.curves))
    seconds = [first * (last / first) ** (k / (POINTS - 1)) for k in range(POINTS)]
    quantiles: tuple[list[float], list[float], list[float]] = ([], [], [])
    for own_s in seconds:
        steps = [curve.at(own_s) for curve in own.curves]
        vals = [value for step in steps if (value := own.before if step is None else step.val) is not None]
        for share, found in zip((BAND[0], 0.5, BAND[1]), quantiles, strict=True):
            found.append(quantile(vals, share))
    return seconds, *quantiles
