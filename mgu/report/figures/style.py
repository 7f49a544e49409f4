"""Colours, markers, fonts and tick labels of all figures, and their encoding into files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mgu.report.ranking.row import Row

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

UNIT, GRID, QUIET = "#D55E00", "#0072B2", "#888888"
COLOURS = {
    "bn_pre": "#0072B2",
    "bn_post": "#56B4E9",
    "ln": "#009E73",
    "no_norm": "#CC79A7",
    "unit": UNIT,
    "other block": "#000000",
}
MARKERS = {"bn_pre": "o", "bn_post": "s", "ln": "^", "no_norm": "D", "unit": "*", "other block": "P"}
PAGE_IN = 6.5  # inches, width of a figure
INK = "#010203"  # black to the eye; a page with a dark background puts its own colour in its place
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
    "text.parse_math": False,  # the name of a model may have dollar signs
    "pdf.fonttype": 42,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
# Closed, undecided and open; the ends differ for all common kinds of colour vision, and what is near 0.5 is white.
GATE_COLOURS = ("#0072B2", "#8cc0dd", "#ffffff", "#eeb48a", "#D55E00")
FORMS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def encode(figure: Figure, form: str, *, transparent: bool = False) -> bytes:
    """Encodes a figure.

    Args:
        figure: A figure that was drawn under `styled`.
        form: One of FORMS: "svg", "pdf" or "png".
        transparent: Whether to leave out the white background.

    Returns:
        The content of the file; the same figure gives the same bytes.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # of a name in another script
        styled(figure.savefig, buffer, format=form, metadata=FORMS[form], transparent=transparent)
    return buffer.getvalue()


def kind_of(row: Row) -> str:
    """Returns what decides on colour and marker: the normalisation of a baseline, or what else the model is."""
    if row.result.shown_norm:
        return row.result.shown_norm
    if row.is_unit:
        return "unit"
    return "own norms" if row.is_baseline else "other block"


def kinds_of(rows: Iterable[Row]) -> list[str]:
    """Returns the kinds of some rows in the order of a legend, which does not depend on their ranks."""
    kinds = set(map(kind_of, rows))
    return [kind for kind in COLOURS if kind in kinds] + sorted(kinds - set(COLOURS))


def within_percent(low: float, high: float) -> tuple[float, float]:
    """Limits an axis to 0..100 %: margins and intervals go on, but no accuracy does.

    Args:
        low: Lower end that the axis would have.
        high: Upper end.

    Returns:
        Both ends, at most half a point beside 0 and 100, so that markers there are whole.
    """
    return max(low, -0.5), min(high, 100.5)


def gate_colours() -> LinearSegmentedColormap:
    """Returns the colours of gate values.

    Returns:
        The colours of 0..1: one end is closed, the other open, and white undecided.
    """
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("gate_values", GATE_COLOURS)


def ink_on_gate(value: float) -> str:
    """Returns the colour of text on the colour of a gate value.

    Args:
        value: The gate value in 0..1.

    Returns:
        The colour.
    """
    return "white" if abs(value - 0.5) > 0.4 else "#222222"


def label(row: Row) -> str:
    """Describes the model of a point: its name, accuracy and time to solution."""
    spread = row.spread("val")
    accuracy = "-" if spread is None else f"{spread.mean:.2%}"
    if spread and spread.deviation is not None:
        accuracy += f" \u00b1 {100 * spread.deviation:.2f} ({spread.n} seeds)"
    return f"{row.name}: {accuracy}" + (f", {row.cost.tts_s:,.1f} s" if row.cost.tts_s is not None else "")


def label_log_ticks(axis: Axis) -> None:
    """Labels 1, 2 and 5 of each decade of a logarithmic axis as plain numbers.

    The labels of matplotlib's own formatter are formulas, which STYLE does not parse.

    Args:
        axis: The x or y axis of a panel, on a logarithmic scale.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def styled(act: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Calls a function that draws under STYLE, whatever the user's matplotlibrc says.

    Args:
        act: The function.
        *arguments: Its arguments.
        **keywords: Its keyword arguments.

    Returns:
        What the function returns.
    """
    from matplotlib import rc_context, style  # matplotlib takes about a second to import

    with rc_context(), style.context(["default", STYLE]):
        return act(*arguments, **keywords)
