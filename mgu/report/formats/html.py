"""The report as one HTML file that needs nothing else: no network, no build step, no server.

Text is escaped by jinja2; style and script are html.css and html.js, put in as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.figures.style import INK, encode
from mgu.report.figures.write import pictures
from mgu.report.formats.tables import Grid, lesser_grids
from mgu.report.ranking.columns import LEFT_ALIGNED, SAID_TWICE, Column, shown_columns
from mgu.report.ranking.rank import Row

MOST_DRAWN = 12  # experiments with pictures on the page: each takes seconds to draw
CAPTIONS = {
    "ranks": "Every model by its mean validation accuracy, with the 95 % interval of that mean.",
    "pareto": "Accuracy against cost. Nothing is both cheaper and better than what lies on the line.",
    "budget": "The best of the grid after a budget, its models in random order, over all orders; and the unit.",
    "histories": "Validation accuracy by epoch, a panel a layout.",
    "gates": "How far each gate of the unit is open, on average.",
}


class Cell(NamedTuple):
    """`value` is what a column is sorted by, `label` what it says when it is pointed at."""

    text: str
    value: str | int | float | None
    label: str = ""


def to_html(analyses: Sequence[Analysis], skipped: Sequence[str]) -> str:
    """Verdict, table, pictures and what else follows, for each experiment; then the files that could not be read."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # takes a tenth of a second to import

    environment = Environment(
        loader=PackageLoader("mgu.report.formats", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    here = files("mgu.report.formats")
    return environment.get_template("html.html").render(
        experiments=[_experiment(number, analysis) for number, analysis in enumerate(analyses)],
        skipped=skipped,
        most_drawn=MOST_DRAWN,
        style=(here / "html.css").read_text(encoding="utf-8"),
        script=(here / "html.js").read_text(encoding="utf-8"),
    )


def _experiment(number: int, analysis: Analysis) -> dict[str, Any]:
    table = analysis.table
    shown = shown_columns(table)
    return {
        "id": f"experiment-{number}",
        "title": table.title,
        "outcome": analysis.verdict.outcome if analysis.verdict else None,
        "score": table.score.metric,
        "sections": analysis.sections,
        "columns": [(column.title, _classes(column)) for column in shown],
        "rows": [(_style(row), [_cell(column, row) for column in shown]) for row in table.rows],
        "grids": [_cells(grid) for grid in lesser_grids(analysis)],
        "pictures": _figures(number, analysis) if number < MOST_DRAWN else [],
    }


def _style(row: Row) -> str:
    return "unit" if row.is_unit else "poor" if row.status != "ok" else "plain"


def _classes(column: Column) -> str:
    """How a column is aligned, and whether a phone can do without it, or keeps it in sight."""
    marks = {"left": LEFT_ALIGNED, "said-twice": SAID_TWICE, "name": ("model_name",)}
    return " ".join(mark for mark, keys in marks.items() if column.key in keys)


def _cell(column: Column, row: Row) -> Cell:
    label = ""
    if column.key in ("val_acc", "test_acc") and len(row.runs) > 1:
        accuracies = row.accuracies("val" if column.key == "val_acc" else "test")
        label = ", ".join(f"seed {seed}: {accuracy:.2%}" for seed, accuracy in accuracies.items())
    return Cell(column.text(row), column.value(row), label)


def _cells(grid: Grid) -> dict[str, Any]:
    rows = [[Cell(text, value) for text, value in row] for row in grid.rows]
    return {
        "title": grid.title,
        "columns": [(title, "" if place else "left name") for place, title in enumerate(grid.columns)],
        "rows": [("plain", row) for row in rows],
    }


def _figures(number: int, analysis: Analysis) -> list[dict[str, str]]:
    from mgu.report.figures.results import labels_of

    labels, found = labels_of(analysis.table), []
    for name, draw in pictures(analysis).items():
        svg = encode(draw(), "svg", transparent=True).decode()
        found.append({"svg": _inline(svg, f"e{number}-{name}-", labels), "caption": CAPTIONS[name]})
    return found


def _inline(svg: str, prefix: str, labels: dict[str, str]) -> str:
    """As part of a page: names that are its own, the colours of the page, and points that say what they are."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg class="picture" role="img" \1>', svg, count=1)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("xlink:href", "href").replace(INK, "currentColor")
    svg = re.sub(r'<g id="(point-\d+)">', lambda point: _point(point[1], labels), svg)
    return re.sub(r'(id="|href="#|url\(#)', rf"\1{prefix}", svg)


def _point(name: str, labels: dict[str, str]) -> str:
    label = escape(labels.get(name, ""))
    return f'<g id="{name}" class="point" tabindex="0" role="img" aria-label="{label}" data-label="{label}">'
