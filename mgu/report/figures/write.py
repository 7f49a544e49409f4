"""Choice of the figures that the runs of a table allow, and their files as SVG, PDF and PNG.

The same runs give the same bytes: no dates, no random names, no settings of the user. Colours are those of Okabe and
Ito (2008, https://jfly.uni-koeln.de/color/), which people with any colour vision can tell apart; markers and dashes say
the same in black and white.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.figures.style import FORMS, encode, styled
from mgu.results.on_disk.files import make_folder, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ReportFigure(NamedTuple):
    """Holds a figure that is not drawn yet.

    Attributes:
        caption: What it shows.
        draw: Function that draws it.
    """

    caption: str
    draw: Callable[[], Figure]


def write_figures(analysis: Analysis, folder: Path) -> list[Path]:
    """Writes every figure that the runs allow, in every form.

    Args:
        analysis: An experiment.
        folder: Where the files go; it is made if it does not exist.

    Returns:
        The files.

    Raises:
        UserError: The folder cannot be written.
    """
    make_folder(folder, "--pictures", "Pass another one.")
    written = []
    for name, drawing in figures(analysis).items():
        figure = drawing.draw()
        for form in FORMS:
            path = folder / f"{name}.{form}"
            with replacing(path) as temporary:
                temporary.write_bytes(encode(figure, form))
            written.append(path)
    return written


def figures(analysis: Analysis) -> dict[str, ReportFigure]:
    """Chooses the figures that the runs allow.

    Args:
        analysis: An experiment.

    Returns:
        The figures by name, in the order of a report.
    """
    from mgu.report.figures.best_so_far import draw_best_so_far
    from mgu.report.figures.results import draw_pareto, draw_ranks
    from mgu.report.figures.training import draw_gates, draw_histories, load_gates, load_histories
    from mgu.report.figures.utilisation import draw_utilisation, panels_of

    table = analysis.table
    chosen: dict[str, ReportFigure] = {}
    if curve := analysis.best_so_far:
        caption = (
            "What a grid search in random order reaches at which cost: expected, and in four of five searches. The "
            "grid in its own order goes from shallow layouts to deep ones. Points are units and the default networks "
            "at their cost, with 95 % intervals over seeds."
        )
        chosen["budget"] = _figure(caption, draw_best_so_far, curve, analysis.verdicts)
    if table.score.metric == "accuracy" and any(row.val_accuracy is not None for row in table.rows):
        chosen["ranks"] = _figure(_caption_of_ranks(analysis), draw_ranks, table)
        if any(row.cost.tts_s for row in table.rows if row.val_accuracy is not None):
            chosen["pareto"] = _figure(_caption_of_pareto(analysis), draw_pareto, table)
    if searches := analysis.searches:
        from mgu.report.figures.anytime import draw_anytime

        caption = (
            "Best validation score so far of each search by what it had spent, on each clock: the median of its "
            "studies, and the band that four of five lie in; the star is the unit at its own cost."
        )
        chosen["searches"] = _figure(caption, draw_anytime, searches)
    if panels_of(table):
        caption = (
            "How busy each kind of model kept the devices in training: a point for each model, the mean over its "
            "seeds, and a bar at the mean of its kind."
        )
        chosen["load"] = _figure(caption, draw_utilisation, table)
    if histories := load_histories(table):
        chosen["histories"] = _figure("Validation accuracy by epoch.", draw_histories, table, histories)
    if gates := load_gates(table):
        caption = f"Mean value of each gate of {gates.name}: 0 is closed, 1 is open, and white is undecided."
        chosen["gates"] = _figure(caption, draw_gates, gates)
    return chosen


def _figure(caption: str, draw: Callable[..., Figure], *arguments: Any) -> ReportFigure:
    return ReportFigure(caption, lambda: styled(draw, *arguments))


def _caption_of_ranks(analysis: Analysis) -> str:
    from mgu.report.figures.results import ranked_rows

    every, shown = ranked_rows(analysis.table)
    which = "every model" if shown == every else f"the {len(shown)} best models and units"
    has_interval = any((spread := row.spread("val")) and spread.low is not None for row in shown)
    return f"Mean validation accuracy of {which}{' with its 95 % interval' if has_interval else ''}."


def _caption_of_pareto(analysis: Analysis) -> str:
    from mgu.report.figures.results import cost_of

    has_front = len(cost_of(analysis.table).front) > 1
    front = " No model has both a lower cost and a higher accuracy than one on the Pareto front." if has_front else ""
    return f"Validation accuracy of each model against its cost.{front}"
