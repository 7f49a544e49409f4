"""Figure of accuracy against cost for every candidate: prune.png."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mgu.prune.benchmark import InferenceCost
from mgu.prune.outcome import PruneOutcome
from mgu.results.files import replacing
from mgu.results.result import describe_method

PICTURE_FILE = "prune.png"

Axis = tuple[str, Callable[[InferenceCost], float | None]]


def draw_curve(outcome: PruneOutcome, path: Path) -> None:
    """Draws accuracy against parameters, operations, time and, if it was measured, energy.

    Args:
        outcome: The outcome of pruning.
        path: The file to write.
    """
    import matplotlib  # takes half a second to import, like pyplot

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    method = next((row.cost.energy_method for row in outcome.rows if row.cost.energy_method), None)
    axes: list[Axis] = [
        ("parameters", lambda cost: cost.params_keras),
        ("FLOPs of one image", lambda cost: cost.flops),
        ("time of one image [ms]", lambda cost: cost.latency[1].median_ms),
    ]
    if method:
        axes.append((f"CPU energy of 1,000 images [J]\n({describe_method(method)})", lambda cost: cost.joules_per_1000))
    figure, panels = plt.subplots(1, len(axes), figsize=(3 * len(axes), 3.4), sharey=True, layout="constrained")
    for panel, (title, value) in zip(panels, axes, strict=True):
        points, rows = outcome.points, {row.name: row for row in outcome.rows}
        panel.plot(
            *([value(p.cost) for p in points], [100 * p.accuracy for p in points], "o-"),
            color="tab:blue", markersize=3, linewidth=0.8, label="gates fixed, not fine-tuned",
        )  # fmt: skip
        tuned = [p for p in points if p.tuned is not None]
        panel.plot(
            *([value(p.cost) for p in tuned], [100 * (p.tuned or 0) for p in tuned], "*"),
            color="tab:red", markersize=10, label="fine-tuned",
        )  # fmt: skip
        marks = [(name, row) for name, row in rows.items() if name == "unit" or name.startswith("baseline")]
        for (name, row), mark in zip(marks, "sD^", strict=False):
            if row.accuracy is not None:
                panel.plot([value(row.cost)], [100 * row.accuracy], mark, color="black", markersize=5, label=name)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.tick_params(axis="x", labelrotation=30)
        panel.set_xlabel(title)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("validation accuracy [%]")
    panels[0].legend(fontsize=7)
    figure.suptitle(outcome.run, fontsize=10)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150, format="png")
    plt.close(figure)
