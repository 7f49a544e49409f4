"""Pictures of an analysed table, to be kept as SVG, PDF and PNG or shown on a page.

The same runs give the same bytes: no dates, no random names, no style of the user's own. Colours are Okabe and Ito's
(2008), which all kinds of colour vision tell apart; markers and dashes say the same in black and white.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.report.analysis import Analysis
from mgu.report.rank import Row
from mgu.results import make_folder, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNIT, GRID, QUIET = "#D55E00", "#0072B2", "#888888"
COLOURS = {"bn_pre": "#0072B2", "bn_post": "#56B4E9", "ln": "#009E73", "no_norm": "#CC79A7", None: UNIT}
MARKERS = {"bn_pre": "o", "bn_post": "s", "ln": "^", "no_norm": "D", None: "*"}
PAGE_IN = 6.5
INK = "#010203"  # black to the eye; a page on a dark ground puts its own colour in its place
STYLE: dict[str, Any] = {
    "font.size": 8,
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "savefig.dpi": 200,
    "svg.hashsalt": "mgu",
    "text.parse_math": False,  # a name may have signs of money
    "pdf.fonttype": 42,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
FORMS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


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
    from mgu.report.draw_results import draw_budget, draw_pareto, draw_ranks
    from mgu.report.draw_training import draw_gates, draw_histories, load_gates, load_histories

    table = analysis.table
    found: dict[str, Callable[[], Figure]] = {}
    if any(row.val_accuracy is not None for row in table.rows):
        found["ranks"] = lambda: _styled(draw_ranks, table)
        if any(row.tts_s for row in table.rows):
            found["pareto"] = lambda: _styled(draw_pareto, table)
    if curve := analysis.budget:
        found["budget"] = lambda: _styled(draw_budget, table, curve)
    if histories := load_histories(table):
        found["histories"] = lambda: _styled(draw_histories, table, histories)
    if gates := load_gates(table):
        found["gates"] = lambda: _styled(draw_gates, gates)
    return found


def encode(figure: Figure, form: str, *, transparent: bool = False) -> bytes:
    """`form` is one of FORMS."""
    buffer = io.BytesIO()
    _styled(figure.savefig, buffer, format=form, metadata=FORMS[form], transparent=transparent)
    return buffer.getvalue()


def label(row: Row) -> str:
    """What a point says of itself."""
    own = row.spread("val")
    accuracy = "-" if own is None else f"{own.mean:.2%}"
    if own and own.deviation is not None:
        accuracy += f" \u00b1 {100 * own.deviation:.2f} ({own.n} seeds)"
    return f"{row.name}: {accuracy}" + (f", {row.tts_s:,.1f} s" if row.tts_s is not None else "")


def _styled(act: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Not as the user's matplotlibrc has it."""
    from matplotlib import rc_context, style  # matplotlib takes a second to import

    with rc_context(), style.context(["default", STYLE]):
        return act(*arguments, **keywords)
