"""Draws docs/figures/unit.svg and lean.svg: the unit as Damian and Piciu (2020) print its equations, and `mgu=lean`.

python docs/figures/draw_unit.py unit|lean [FILE]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch

INK, QUIET, BLUE, ORANGE, PAPER = "#1f2933", "#7b8794", "#2563a8", "#c2570c", "#ffffff"
LAYER, PROCESSOR, BYPASS = "#dbe9f6", "#eef2f6", "#fdebd8"
WIDTH, HEIGHT = 14.0, 5.7
GATES = {  # name: (x, y) of its mixer
    "bn_order": (6.1, 4.6),
    "bn_or_ln": (7.6, 3.8),
    "norm_or_none": (9.1, 3.0),
    "residual": (11.2, 2.4),
    "skip": (12.6, 1.6),
}
RADIUS = 0.25
BYPASS_Y = 0.8


@dataclass(frozen=True)
class Unit:
    """What is written into the picture of a unit.

    Attributes:
        bypass: Text in the box of the bypass.
        gate: What a gate computes.
        letters: What the letters mean.
    """

    bypass: str
    gate: str
    letters: str


PROCESSORS = ("BN( A( L ))", "A( BN( L ))", "A( LN( L ))", "A( L )")  # from above, what the upper three gates mix
NORMS = "A: activation    BN, LN: batch and layer normalisation    "
UNITS = {
    "unit": Unit(
        "bypass  $t(x)$",
        "$g = \\sigma(\\,t_g(x)\\,)$",
        NORMS + "$t$, $t_g$: copies of the layer with their own weights",
    ),
    "lean": Unit(
        "padded  $p(x)$",
        "$g = \\sigma(\\,\\theta_g\\,)$",
        NORMS + "$\\theta_g$: one learned number per channel    $p$: no parameters",
    ),
}


def main() -> None:
    """Writes a picture to FILE, in the format of its suffix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unit", choices=UNITS)
    parser.add_argument("file", type=Path, nargs="?")
    options = parser.parse_args()
    unit, file = UNITS[options.unit], options.file or Path(__file__).with_name(f"{options.unit}.svg")
    mpl.rcParams |= {"font.family": "DejaVu Sans", "mathtext.fontset": "dejavusans", "svg.hashsalt": "unit"}
    figure = plt.figure(figsize=(WIDTH, HEIGHT), facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT), aspect="equal")
    axes.axis("off")
    draw_transforms(axes, unit)
    draw_processors(axes)
    draw_mixers(axes)
    draw_legend(axes, unit)
    figure.savefig(file, dpi=110, metadata={"Date": None} if file.suffix == ".svg" else None)


def box(axes: Axes, x: float, y: float, text: str, colour: str, width: float = 1.7) -> None:
    """A rounded box with its centre at x, y."""
    style = "round,pad=0.02,rounding_size=0.1"
    axes.add_patch(FancyBboxPatch((x - width / 2, y - 0.27), width, 0.54, style, fc=colour, ec=INK, lw=1.1))
    axes.text(x, y, text, ha="center", va="center", color=INK, fontsize=12)


def wire(axes: Axes, *points: tuple[float, float], colour: str = INK, arrow: bool = True) -> None:
    """A line through the points, with a head at its end."""
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=colour, lw=1.3, solid_joinstyle="round", zorder=1)
    if arrow:
        arrow_style = {"arrowstyle": "-|>", "color": colour, "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=arrow_style, zorder=1)


def draw_transforms(axes: Axes, unit: Unit) -> None:
    """The input, the wrapped layer and the bypass."""
    axes.text(0.35, 2.6, "$x$", fontsize=17, ha="center", va="center", color=INK)
    wire(axes, (0.55, 2.6), (0.9, 2.6), arrow=False)
    wire(axes, (0.9, 2.6), (0.9, 3.8), (1.18, 3.8))
    wire(axes, (0.9, 2.6), (0.9, BYPASS_Y), (1.18, BYPASS_Y))
    box(axes, 1.9, 3.8, "layer  $L(x)$", LAYER, 1.4)
    box(axes, 1.9, BYPASS_Y, unit.bypass, BYPASS, 1.4)


def draw_processors(axes: Axes) -> None:
    """Four ways to normalise and activate what the layer gives."""
    rows = zip((5.0, 4.2, 3.4, 2.6), PROCESSORS, strict=True)
    wire(axes, (2.62, 3.8), (2.95, 3.8), arrow=False)
    wire(axes, (2.95, 5.0), (2.95, 2.6), arrow=False)
    for y, text in rows:
        wire(axes, (2.95, y), (3.28, y))
        box(axes, 4.1, y, text, PROCESSOR, 1.6)


def draw_mixers(axes: Axes) -> None:
    """Five gates, each between two branches; "1" is where an open gate listens, "0" where a closed one does."""
    at = GATES

    join(axes, "bn_order", (4.92, 5.0), (4.92, 4.2))
    join(axes, "bn_or_ln", at["bn_order"], (4.92, 3.4))
    join(axes, "norm_or_none", at["bn_or_ln"], (4.92, 2.6))
    x_plus = 9.8
    join(axes, "residual", at["norm_or_none"], (x_plus, 1.8))
    wire(axes, (x_plus, 3.0), (x_plus, 2.0))
    wire(axes, (x_plus, BYPASS_Y), (x_plus, 1.6))
    axes.add_patch(Circle((x_plus, 1.8), 0.2, fc=PAPER, ec=INK, lw=1.1, zorder=3))
    axes.text(x_plus, 1.79, "+", ha="center", va="center", fontsize=13, color=INK, zorder=4)
    for x, y in ((x_plus, 3.0), (x_plus, BYPASS_Y)):
        axes.add_patch(Circle((x, y), 0.045, fc=INK, ec=INK, zorder=3))
    wire(axes, (2.62, BYPASS_Y), (x_plus, BYPASS_Y), arrow=False)
    join(axes, "skip", at["residual"], (x_plus, BYPASS_Y))
    wire(axes, (at["skip"][0] + RADIUS, at["skip"][1]), (13.15, at["skip"][1]))
    axes.text(13.5, 1.6, "$o(x)$", fontsize=15, ha="center", va="center", color=INK)
    for name, (x, y) in at.items():
        mixer(axes, name, x, y)


def join(axes: Axes, gate: str, upper: tuple[float, float], lower: tuple[float, float]) -> None:
    """Two branches to the mixer of a gate: the upper one when it is open, the lower one when closed."""
    x, y = GATES[gate]
    starts = upper[0] + (RADIUS if upper in GATES.values() else 0)
    wire(axes, (starts, upper[1]), (x, upper[1]), (x, y + RADIUS), colour=INK)
    wire(axes, (lower[0], lower[1]), (x, lower[1]), (x, y - RADIUS), colour=INK)
    axes.text(x + 0.1, y + RADIUS + 0.08, "1", fontsize=9.5, color=BLUE, va="bottom", ha="left")
    axes.text(x + 0.1, y - RADIUS - 0.08, "0", fontsize=9.5, color=BLUE, va="top", ha="left")


def mixer(axes: Axes, name: str, x: float, y: float) -> None:
    """The circle of a gate with its name."""
    axes.add_patch(Circle((x, y), RADIUS, fc=BLUE, ec=BLUE, zorder=3))
    axes.text(x, y - 0.01, "$g$", ha="center", va="center", fontsize=14, color=PAPER, zorder=4)
    axes.text(x - RADIUS - 0.08, y, name, ha="right", va="center", fontsize=11, color=BLUE, family="DejaVu Sans Mono")


def draw_legend(axes: Axes, unit: Unit) -> None:
    """What a gate computes, and the letters."""
    mixed = unit.gate + "      out $= g \\cdot$ branch 1 $+\\ (1-g) \\cdot$ branch 0"
    axes.text(7.3, 5.2, mixed, fontsize=12, color=BLUE, va="center")
    axes.text(0.2, 0.2, unit.letters, fontsize=10.5, color=QUIET, va="center")


if __name__ == "__main__":
    main()
