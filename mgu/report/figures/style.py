"""Colours, markers and fonts of all figures, and their encoding into files."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mgu.report.ranking.rank import Row

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


def encode(figure: Figure, form: str, *, transparent: bool = False) -> bytes:
    """`form` is one of FORMS."""
    buffer = io.BytesIO()
    styled(figure.savefig, buffer, format=form, metadata=FORMS[form], transparent=transparent)
    return buffer.getvalue()


def label(row: Row) -> str:
    """What a point says of itself."""
    own = row.spread("val")
    accuracy = "-" if own is None else f"{own.mean:.2%}"
    if own and own.deviation is not None:
        accuracy += f" \u00b1 {100 * own.deviation:.2f} ({own.n} seeds)"
    return f"{row.name}: {accuracy}" + (f", {row.tts_s:,.1f} s" if row.tts_s is not None else "")


def styled(act: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Not as the user's matplotlibrc has it."""
    from matplotlib import rc_context, style  # matplotlib takes a second to import

    with rc_context(), style.context(["default", STYLE]):
        return act(*arguments, **keywords)
