"""Explanation for people at a terminal: a table of all gates, and one line for each layer."""

from __future__ import annotations

from mgu.console.table import TextColumn, print_table
from mgu.console.text import table_console
from mgu.explain.schema import Explanation, UnitExplanation
from mgu.results.compare.axes import call_lean
from mgu.tasks.score import score_named
from mgu.text.printable import printable
from mgu.unit.wiring import Gate

SHOWN = 1e-4  # share of an error, in whatever unit, that its digits show
LEFT_ALIGNED = ("layer", "gate", "opened for")
# Columns that a narrow terminal hides, in this order.
LESSER = ("by position", "by channel", "min", "max", "bits", "by input", "median", "<.1", ">=.9", "std")


def print_explanation(explanation: Explanation, reported: float | None) -> None:
    """Prints the table of gates, the flow of each layer, and what was evaluated.

    Args:
        explanation: The explanation.
        reported: The score in the result of the run; None if it has none.
    """
    console = table_console()
    columns, elsewhere = _columns(explanation.units), "; explain.json has them"
    print_table(console, columns, LESSER, title=call_lean(explanation.name), elsewhere=elsewhere)
    for line in map(printable, _describe(explanation, reported)):
        console.print(line, markup=False, highlight=False, soft_wrap=not console.is_terminal)


def _columns(units: list[UnitExplanation]) -> list[TextColumn]:
    rows = [_cells(unit, gate) for unit in units for gate in unit.gates]
    return [
        TextColumn(title, title, [row[title] for row in rows], "left" if title in LEFT_ALIGNED else "right")
        for title in rows[0]
    ]


def _cells(unit: UnitExplanation, gate: Gate) -> dict[str, str]:
    """Cells of one line of the table by the titles of the columns."""
    s = unit.gates[gate].statistics
    return {
        "layer": unit.name if gate == next(iter(unit.gates)) else "",
        "gate": gate,
        **{name: f"{getattr(s, name):.2f}" for name in ("mean", "median", "min", "max", "std")},
        ">=.9": f"{s.share_open:.1%}",
        "<.1": f"{s.share_closed:.1%}",
        "bits": f"{s.entropy_bits:.2f}",
        "by input": f"{s.std_inputs:.2f}",
        "by position": f"{s.std_positions:.2f}",
        "by channel": f"{s.std_channels:.2f}",
        "opened for": unit.gates[gate].opened_for,
    }


def _describe(explanation: Explanation, reported: float | None) -> list[str]:
    """Returns the lines on the flow of the data, the score, and how to read the gates."""
    width = max(len(unit.name) for unit in explanation.units) + 1
    lines = ["Most likely flow of the data by mean weight:"]
    lines += [f"  {unit.name + ':':{width}} {unit.flow}" for unit in explanation.units]
    score = score_named(explanation.metric)
    said = score.text(explanation.score) if score.metric != "accuracy" else f"accuracy {explanation.score:.2%}"
    # On another machine sums may round differently, which may decide a near tie differently.
    tie = max(0.5 / explanation.examples, 1e-6) if score.higher_is_better else SHOWN * abs(explanation.score)
    differs = reported is not None and abs(reported - explanation.score) > tie
    lines += [
        "",
        f"Validation data of the run ({explanation.dataset}, split: {explanation.split}): {explanation.examples:,} "
        f"examples, {said}"
        + (f" ({score.text(reported)} on the machine of the run)" if differs and reported is not None else "")
        + f". Wiring: {explanation.wiring}.",
        "Gate values are from 0 (closed) to 1 (open). The columns by input, position and channel are the parts of std, "
        "whose squares add up; bits is the entropy, which is 1 for a half open gate.",
    ]
    return lines
