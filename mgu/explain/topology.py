"""Figure of the learned topology: the mean value of each gate of each layer, and the branches that this mixes."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from mgu.explain.schema import Explanation, UnitExplanation
from mgu.explain.words import LEANING, VARIES
from mgu.report.figures.style import gate_colours, ink_on_gate
from mgu.results.compare.axes import call_lean
from mgu.text.printable import printable
from mgu.unit.wiring import GATES, Gate

PAGE_IN = 7.0  # inches, width of A4 or Letter within margins
LEFT_IN, RIGHT_IN, GATE_IN, MIX_IN, GAP_IN = 1.55, 1.1, 0.36, 0.7, 0.25
GATE_VALUES = gate_colours()
INK = "#222222"
HATCHES = {
    VARIES: "////",
    2 * VARIES: "/////",
}  # hatching from these spreads across inputs on; the second adds to the first
# Blue and orange differ for all kinds of colour vision, and from dark to light in grey.
BRANCH_STYLES = {
    "bn_before_activation": ("BN before", "#08406f"),
    "bn_after_activation": ("BN after", "#3f86c0"),
    "ln": ("LN", "#f0ad3c"),
    "activated": ("no norm", "#f8efc0"),
}
KEY: dict[str, Any] = {
    "loc": "center left",
    "bbox_to_anchor": (1.0, 0.5),
    "frameon": False,
    "fontsize": 6.5,
    "title_fontsize": 6.5,
    "alignment": "left",
    "labelspacing": 0.4,
    "handlelength": 1.8,
    "handleheight": 0.9,
}


def draw_topology(explanation: Explanation) -> Figure:
    """Draws the gates (down) of all layers (across), and below them the mix of branches and the heaviest path.

    A white cell is an undecided gate; the values of a hatched one depend on the input.

    Args:
        explanation: The explanation.

    Returns:
        The figure.
    """
    units, gates = explanation.units, list_gates(explanation)
    is_narrow = (PAGE_IN - LEFT_IN - RIGHT_IN) / len(units) < 0.75  # then words stand upright
    above_in, words_in = (0.75, 0.75) if is_narrow else (0.6, 0.5)
    bottoms_in = (words_in, words_in + MIX_IN + GAP_IN)
    height_in = bottoms_in[1] + GATE_IN * len(gates) + above_in
    figure = Figure(figsize=(PAGE_IN, height_in))
    mix, matrix = (
        figure.add_axes((LEFT_IN / PAGE_IN, low / height_in, 1 - (LEFT_IN + RIGHT_IN) / PAGE_IN, high / height_in))
        for low, high in zip(bottoms_in, (MIX_IN, GATE_IN * len(gates)), strict=True)
    )
    figure.text(LEFT_IN / PAGE_IN, 1 - 0.08 / height_in, describe_data(explanation), va="top")
    _draw_matrix(matrix, units, gates, is_narrow)
    _draw_mix(mix, units)
    _label_paths(mix, units, is_narrow)
    return figure


def describe_data(explanation: Explanation) -> str:
    """Describes the run and the data of a figure, on a line each, for names may be long."""
    name, dataset, split = map(printable, (call_lean(explanation.name), explanation.dataset, explanation.split))
    return f"{name}\n{explanation.examples:,} validation examples ({dataset}, split: {split})"


def list_gates(explanation: Explanation) -> list[Gate]:
    """Returns the gates in the order of computation."""
    return [gate for gate in GATES if gate in explanation.units[0].gates]


def _draw_matrix(axes: Axes, units: list[UnitExplanation], gates: list[Gate], is_narrow: bool) -> None:
    """Draws one cell for each gate and layer."""
    axes.set(xlim=(0, len(units)), ylim=(len(gates), 0), xticks=[column + 0.5 for column in range(len(units))])
    axes.set_xticklabels([unit.name for unit in units], rotation=90 if is_narrow else 0)
    axes.set_yticks([row + 0.5 for row in range(len(gates))])
    axes.set_yticklabels([f"{gate}\nopen: {units[0].gates[gate].when_open}" for gate in gates])
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for column, unit in enumerate(units):
        for row, gate in enumerate(gates):
            summary = unit.gates[gate].statistics
            colour, ink = GATE_VALUES(summary.mean), ink_on_gate(summary.mean)
            hatch = _hatch(summary.std_inputs)
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor=ink, hatch=hatch, linewidth=0))
            axes.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor="#999999", linewidth=0.5))
            box = {"facecolor": colour, "edgecolor": "none", "boxstyle": "square,pad=0.15"}
            if len(units) <= 20:  # more numbers would overlap
                axes.text(column + 0.5, row + 0.5, f"{summary.mean:.2f}", ha="center", va="center", color=ink, bbox=box)
    _hide_spines(axes, "left", "top", "right", "bottom")
    axes.legend(handles=_keys(), title="mean gate value;\nhatched: its spread\nacross inputs (std)", **KEY)


def _hatch(std_inputs: float) -> str:
    return "".join(hatch for least, hatch in HATCHES.items() if std_inputs >= least)


def _keys() -> list[Patch]:
    """Draws the legend for the colours and hatching of the matrix."""
    thin: dict[str, Any] = {"linewidth": 0.4}
    means = (1.0, 0.75, 0.5, 0.25, 0.0)
    words = {1.0: " open", 0.5: " undecided", 0.0: " closed"}
    return [
        Patch(facecolor=GATE_VALUES(mean), edgecolor="#999999", label=f"{mean:.2f}{words.get(mean, '')}", **thin)
        for mean in means
    ] + [Patch(facecolor="white", edgecolor=INK, hatch=_hatch(least), label=f"≥ {least}", **thin) for least in HATCHES]


def _draw_mix(axes: Axes, units: list[UnitExplanation]) -> None:
    """Draws the mean weight of each normalising branch, as shares of a bar."""
    for column, unit in enumerate(units):
        bottom = 0.0
        for branch, (_, colour) in BRANCH_STYLES.items():
            weight = unit.path_weights[branch]
            axes.bar(column + 0.5, weight, bottom=bottom, width=0.96, color=colour, edgecolor="white", linewidth=0.5)
            bottom += weight
    axes.set(xlim=(0, len(units)), ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", ".5", "1"))
    axes.set_ylabel("mean weight", labelpad=2)
    _hide_spines(axes, "top", "right", "bottom")
    axes.legend(
        handles=[Patch(facecolor=colour, label=name) for name, colour in reversed(BRANCH_STYLES.values())], **KEY
    )


def _label_paths(axes: Axes, units: list[UnitExplanation], is_narrow: bool) -> None:
    """Writes the heaviest path of each layer, with a question mark where another one is almost as heavy."""
    axes.set_xticks([column + 0.5 for column in range(len(units))])
    size, rotation = (5, 90) if is_narrow else (7, 0)
    labels = ["\n".join(_heaviest_path(unit)) for unit in units]
    axes.set_xticklabels(labels, rotation=rotation, linespacing=1.15, fontsize=size)
    axes.tick_params(axis="x", length=0)
    note = f"heaviest path\n(?: below {LEANING:.0%})"
    axes.text(-0.1, -0.08, note, ha="right", va="top", transform=axes.transAxes, linespacing=1.15)


def _heaviest_path(unit: UnitExplanation) -> list[str]:
    branch = max(unit.path_weights, key=lambda name: unit.path_weights[name])
    steps = [_doubted(BRANCH_STYLES[branch][0], unit.path_weights[branch])]
    for explained in (unit.gates[gate] for gate in ("residual", "skip") if gate in unit.gates):
        mean = explained.statistics.mean
        branch = explained.when_open if mean >= 0.5 else explained.when_closed
        steps.append(_doubted(branch, max(mean, 1 - mean)))
    return steps


def _doubted(step: str, weight: float) -> str:
    """Returns a step with a question mark where the unit does not lean to it."""
    return f"{step}?" if weight < LEANING else step


def _hide_spines(axes: Axes, *sides: str) -> None:
    for side in sides:
        axes.spines[side].set_visible(False)
