"""Figure of the score against cost for every candidate: prune.png."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.prune.benchmark import InferenceCost
from mgu.prune.outcome import PruneOutcome
from mgu.report.figures.style import label_log_ticks
from mgu.results.compare.axes import call_lean
from mgu.results.on_disk.files import replacing
from mgu.results.schema.energy import describe_method
from mgu.text.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE_FILE = "prune.png"

CostOf = Callable[[InferenceCost], float]


def draw_curve(outcome: PruneOutcome, path: Path) -> None:
    """Draws the score against parameters, operations, time and, if it was measured, energy.

    Args:
        outcome: The outcome of pruning.
        path: The file to write.
    """
    from matplotlib import rc_context, style  # takes half a second to import
    from matplotlib.figure import Figure

    costs = _costs(outcome)
    with rc_context(), style.context(["default", {"text.parse_math": False}]):
        figure = Figure(figsize=(3 * len(costs), 3.4), layout="constrained")
        panels = figure.subplots(1, len(costs), sharey=True)
        for panel, (title, cost_of) in zip(panels, costs.items(), strict=True):
            _draw_panel(panel, outcome, cost_of)
            panel.set(xscale="log", xlabel=title)
            label_log_ticks(panel.xaxis)
            panel.tick_params(axis="x", labelrotation=30)
            panel.grid(alpha=0.3)
        panels[0].set_ylabel(f"validation {outcome.score} [%]")
        panels[0].legend(fontsize=7)
        figure.suptitle(printable(call_lean(outcome.run)), fontsize=10)
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=150, format="png")


def _costs(outcome: PruneOutcome) -> dict[str, CostOf]:
    """Returns the kinds of cost by the title of their axis."""
    example = outcome.examples.removesuffix("s")
    costs: dict[str, CostOf] = {
        "parameters": lambda cost: cost.params_keras,
        f"FLOPs of one {example}": lambda cost: math.nan if cost.flops is None else cost.flops,
        f"time of one {example} [ms]": lambda cost: cost.latency[1].median_ms,
    }
    method = next((row.cost.energy_method for row in outcome.rows if row.cost.energy_method), None)
    if method:
        costs[f"energy of 1,000 {outcome.examples} [J]\n({describe_method(method)})"] = _energy
    return costs


def _energy(cost: InferenceCost) -> float:
    return math.nan if cost.joules_per_1000 is None else cost.joules_per_1000


def _draw_panel(panel: Axes, outcome: PruneOutcome, cost_of: CostOf) -> None:
    """Draws the score against one kind of cost."""
    points, tuned = outcome.points, [point for point in outcome.points if point.tuned is not None]
    if points:
        panel.plot([cost_of(p.cost) for p in points], [100 * p.val for p in points], "o-", color="tab:blue",
                   markersize=3, linewidth=0.8, label="gates fixed, not fine-tuned")  # fmt: skip
    if tuned:
        panel.plot([cost_of(p.cost) for p in tuned], [100 * (p.tuned or 0.0) for p in tuned], "*", color="tab:red",
                   markersize=10, label="fine-tuned")  # fmt: skip
    marked = [row for row in outcome.rows if row.name == "unit" or row.name.startswith("baseline")]
    for row, mark in zip(marked, "sD^", strict=False):
        if row.val is not None:
            panel.plot(cost_of(row.cost), 100 * row.val, mark, color="black", markersize=5, label=row.name)
