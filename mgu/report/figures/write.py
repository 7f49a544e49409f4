"""Pictures of an analysed table, to be kept as SVG, PDF and PNG or shown on a page.

The same runs give the same bytes: no dates, no random names, no style of the user's own. Colours are Okabe and Ito's
(2008), which all kinds of colour vision tell apart; markers and dashes say the same in black and white.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mgu.report.analysis import Analysis
from mgu.report.figures.style import FORMS, encode, styled
from mgu.results.files import make_folder, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_pictures(analysis: Analysis, folder: Path) -> list[Path]:
    """Every picture that the runs allow, in every form; the files. Raises UserError where none can be written."""
    make_folder(folder, "--pictures", "Pass another one.")
    written = []
    for name, draw in pictures(analysis).items():
        figure = draw()
        for form in FORMS:
            path = folder / f"{name}.{form}"
            with replacing(path) as temporary:
                temporary.write_bytes(encode(figure, form))
            written.append(path)
    return written


def pictures(analysis: Analysis) -> dict[str, Callable[[], Figure]]:
    """By name, those that the runs allow, in the order of a report. None is drawn yet."""
    from mgu.report.figures.results import draw_budget, draw_pareto, draw_ranks
    from mgu.report.figures.training import draw_gates, draw_histories, load_gates, load_histories

    table = analysis.table
    found: dict[str, Callable[[], Figure]] = {}
    if any(row.val_accuracy is not None for row in table.rows):
        found["ranks"] = lambda: styled(draw_ranks, table)
        if any(row.tts_s for row in table.rows):
            found["pareto"] = lambda: styled(draw_pareto, table)
    if curve := analysis.budget:
        found["budget"] = lambda: styled(draw_budget, table, curve)
    if histories := load_histories(table):
        found["histories"] = lambda: styled(draw_histories, table, histories)
    if gates := load_gates(table):
        found["gates"] = lambda: styled(draw_gates, gates)
    return found
