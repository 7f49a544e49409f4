"""An explanation for people at a terminal: one table of all gates, and one line a layer."""

from __future__ import annotations

from rich import box
from rich.console import JustifyMethod
from rich.markup import escape
from rich.table import Table

from mgu.explain.explanation import Explanation, UnitExplanation
from mgu.report.terminal import table_console
from mgu.wiring import Gate

TITLES = (
    "layer", "gate", "mean", "median", "min", "max", "std", ">=.9", "<.1", "bits", "by input", "by position",
    "by channel", "opened for",
)  # fmt: skip
LESSER = ("min", "max", "bits", "by position", "by channel")  # that a narrow terminal does without
ROOMY = 130  # characters


def print_explanation(explanation: Explanation, reported_accuracy: float | None) -> None:
    """Table, the flow of each layer, and what that was measured on."""
    console = table_console()
    shown = [title for title in TITLES if console.width >= ROOMY or title not in LESSER]
    table = Table(title=escape(explanation.name), box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for title in shown:
        justify: JustifyMethod = "left" if title in ("layer", "gate", "opened for") else "right"
        table.add_column(title, justify=justify, no_wrap=title != "opened for")
    for unit in explanation.units:
        for gate in unit.gates:
            cells = _cells(unit, gate)
            table.add_row(*(escape(cells[title]) for title in shown), end_section=gate == list(unit.gates)[-1])
    console.print(table)
    for line in _describe(explanation, reported_accuracy):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _cells(unit: UnitExplanation, gate: Gate) -> dict[str, str]:
    """One line of the table, by the titles of its columns."""
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


def _describe(explanation: Explanation, reported_accuracy: float | None) -> list[str]:
    width = max(len(unit.name) for unit in explanation.units) + 1
    lines = ["Most likely flow of the data, by mean weight:"]
    lines += [f"  {unit.name + ':':{width}} {unit.flow}" for unit in explanation.units]
    images = {"paper": "the official test images", "holdout": "a tenth of the training images"}[explanation.split]
    images = "all of the validation cases" if explanation.dataset == "cases" else images
    differs = reported_accuracy is not None and abs(reported_accuracy - explanation.accuracy) > 0.5 / explanation.images
    lines += [
        "",
        f"Validation data of the run ({explanation.dataset}, split: {explanation.split}, {images}): "
        f"{explanation.images:,} images, accuracy {explanation.accuracy:.2%}"
        + (f" (on the machine of the run {reported_accuracy:.2%})" if differs else "")
        + f". Wiring: {explanation.wiring}.",
        "Openness is 0 (closed) to 1 (open). by input, position, channel: what of std is due to each; squares add up. "
        "bits: entropy, 1 where half open.",
    ]
    return lines
