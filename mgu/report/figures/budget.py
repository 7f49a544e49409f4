"""Figure of the expected best-so-far of the grid search, with the unit at its own cost."""

from __future__ import annotations

from matplotlib.figure import Figure

from mgu.errors import printable
from mgu.report.figures.style import GRID, PAGE_IN, QUIET, UNIT
from mgu.report.ranking.rank import Table
from mgu.report.stats.budget import BestSoFar


def draw_budget(table: Table, curve: BestSoFar) -> Figure:
    """Draws the expected accuracy of the best so far with its band, and the unit at its own cost.

    Args:
        table: A ranked table.
        curve: Its expected best-so-far.

    Returns:
        The figure.
    """
    unit = table.best(table.unit_models)
    assert unit
    own = unit.spread(table.tested)
    figure = Figure(figsize=(PAGE_IN, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(curve.seconds, 100 * curve.low, 100 * curve.high, step="post", color=GRID, alpha=0.2, linewidth=0,
                      label="four of five searches")  # fmt: skip
    axes.plot(curve.seconds, 100 * curve.expected, color=GRID, label="expected best of the grid so far")
    if own and own.low is not None and own.high is not None:
        axes.plot([curve.unit_s] * 2, [100 * own.low, 100 * own.high], color=UNIT, linewidth=1.2)
    (point,) = axes.plot(
        curve.unit_s, 100 * curve.unit_accuracy, "*", color=UNIT, markersize=11, label=printable(unit.name)
    )
    point.set_gid(f"point-{unit.rank}")
    axes.axhline(100 * curve.unit_accuracy, color=UNIT, linewidth=0.6, linestyle=":")
    floor = 100 * min(curve.unit_accuracy, float(curve.expected[len(curve.expected) // 20]))
    ceiling = 100 * max(curve.unit_accuracy, float(curve.high[-1]))
    pad = 0.1 * (ceiling - floor) or 1.0
    examples = "test" if table.tested == "test" else "validation"
    axes.set(xlim=(0, None), ylim=(floor - pad, ceiling + pad), xlabel="time of a grid search in random order [s]",
             ylabel=f"{examples} accuracy [%]", title=printable(table.title))  # fmt: skip
    axes.grid(linewidth=0.3, color=QUIET)
    axes.legend(loc="lower right")
    return figure
