"""Reports as one self-contained HTML page: it needs no network, no build step and no server.

jinja2 escapes all text; html.css and html.js are put in as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.cost_kinds import times
from mgu.report.figures.style import INK, encode
from mgu.report.figures.write import figures
from mgu.report.formats.over_table import HEADING, over_table
from mgu.report.formats.side_table import SideTable
from mgu.report.formats.tables import COSTS, side_tables, without_keys
from mgu.report.over_data_sets import Summary, summarise_all
from mgu.report.ranking.column import Column
from mgu.report.ranking.columns import LEFT_ALIGNED, repeats_name, shown_columns
from mgu.report.ranking.row import Row
from mgu.report.rivals import Rival, rivals
from mgu.report.searches.measured import MeasuredSearches, measured_table
from mgu.report.stats.comparison_words import difference_text, p_equals
from mgu.report.stats.verdict import Verdict
from mgu.text.printable import printable

MOST_DRAWN = 12  # experiments with figures: each takes seconds to draw


class Cell(NamedTuple):
    """Holds one cell of a table.

    Attributes:
        text: The rounded value for people.
        value: The exact value that the column is sorted by.
        label: A note that is shown when the pointer is on the cell.
    """

    text: str
    value: str | int | float | None
    label: str = ""


def to_html(analyses: Sequence[Analysis], skipped: Sequence[str], measured: Sequence[MeasuredSearches] = ()) -> str:
    """Writes verdict, table, figures and side tables of each experiment.

    Args:
        analyses: The experiments.
        skipped: One line for each file that could not be read.
        measured: Searches that measured, of experiments without runs.

    Returns:
        The page.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # takes a tenth of a second to import

    environment = Environment(
        loader=PackageLoader("mgu.report.formats", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_visible,
    )  # fmt: skip
    here = files("mgu.report.formats")
    return environment.get_template("html.html").render(
        experiments=[_experiment(number, analysis) for number, analysis in enumerate(analyses)],
        over=_over(summarise_all(analyses)),
        measured=[_cells(without_keys(measured_table(searches))) for searches in measured],
        skipped=skipped,
        most_drawn=MOST_DRAWN,
        style=(here / "html.css").read_text(encoding="utf-8"),
        script=(here / "html.js").read_text(encoding="utf-8"),
    )


def _visible(value: Any) -> Any:
    """Shows control characters of text, which a browser would drop or obey, as escapes."""
    return printable(value) if type(value) is str else value  # not markupsafe.Markup, which is ours


def _experiment(number: int, analysis: Analysis) -> dict[str, Any]:
    table = analysis.table
    shown = shown_columns(table)
    pictures = _figures(number, analysis) if number < MOST_DRAWN else {}
    return {
        "id": f"experiment-{number}",
        "title": table.title,
        "cards": [_card(analysis, verdict) for verdict in analysis.verdicts],
        "score": table.score.metric,
        "sections": analysis.sections,
        "columns": [(column.title, _classes(column, repeats_name(table))) for column in shown],
        "rows": [(_style(row), [_cell(column, row) for column in shown]) for row in table.rows],
        "grids": [_cells(side_table) for side_table in side_tables(analysis)],
        "opening": pictures.pop("budget", None),
        "pictures": list(pictures.values()),
    }


def _over(summary: Summary) -> dict[str, Any] | None:
    """Returns what follows from several data sets together; None where there are not several."""
    if not summary.sentences:
        return None
    grids = [_cells(over_table(over)) for over in summary.joined]
    return {"title": HEADING, "sentences": summary.sentences, "grids": grids}


def _card(analysis: Analysis, verdict: Verdict) -> dict[str, Any]:
    """Returns the verdict of one kind of unit in short."""
    spread = verdict.unit.spread(verdict.table.tested)
    accuracy = f" {100 * spread.mean:.2f} %" if spread else ""
    tested = "test" if verdict.table.tested == "test" else "validation"
    return {
        "name": verdict.kind.name,
        "outcome": verdict.outcome,
        "lead": f"{verdict.unit.name}:{accuracy} on {tested} data",
        "rivals": [(rival.name, rival.outcome, _numbers(rival)) for rival in rivals(analysis, verdict)],
    }


def _numbers(rival: Rival) -> str:
    """Returns difference, interval, p-value and cost of a rival."""
    comparison = rival.comparison
    low, high = comparison.difference.low, comparison.difference.high
    parts = [f"{difference_text(comparison, comparison.difference.mean)} points"]
    if low is not None and high is not None:
        parts.append(f"95 % interval {difference_text(comparison, low)} to {difference_text(comparison, high)}")
    if comparison.p_corrected is not None:
        parts.append(f"p {p_equals(comparison.p_corrected)}")
    if rival.role != "random search":
        parts += _costs(rival)
    return ", ".join(parts)


def _costs(rival: Rival) -> list[str]:
    """Returns the first kind of cost that can be compared, and why none before it can."""
    whole = "the grid takes" if rival.role == "best of the grid" else "it takes"
    parts: list[str] = []
    for ratio in filter(None, map(rival.ratio, COSTS)):
        if ratio.value is not None:
            note = f" ({ratio.note})" if ratio.kind == "processor" else ""
            return [*parts, f"{whole} {times(ratio.value)} the unit's {COSTS[ratio.kind]}{note}"]
        parts.append(ratio.text)
    return parts


def _style(row: Row) -> str:
    if row.is_unit:
        return "unit"
    return "plain" if row.status == "ok" else "poor"


def _classes(column: Column, repeated: tuple[str, ...]) -> str:
    """Returns the CSS classes of a column: its alignment, and whether a narrow screen hides it or keeps it in view."""
    marks = {"left": LEFT_ALIGNED, "said-twice": repeated, "name": ("model_name",)}
    return " ".join(mark for mark, keys in marks.items() if column.key in keys)


def _cell(column: Column, row: Row) -> Cell:
    label = ""
    if column.key in ("val_acc", "test_acc") and len(row.runs) > 1:
        accuracies = row.accuracies("val" if column.key == "val_acc" else "test")
        label = ", ".join(f"{run}: {accuracy:.2%}" for run, accuracy in accuracies.items())
    return Cell(column.text(row), column.value(row), label)


def _cells(side_table: SideTable) -> dict[str, Any]:
    rows = [[Cell(text, value) for text, value in row] for row in side_table.rows]
    return {
        "title": side_table.title,
        "columns": [(title, _alignment(side_table, index)) for index, title in enumerate(side_table.columns)],
        "rows": [("plain", row) for row in rows],
    }


def _alignment(side_table: SideTable, index: int) -> str:
    """Returns the CSS classes of a column of a side table, of which the first is a name."""
    if index == 0:
        return "left name"
    return "left" if index in side_table.left else ""


def _figures(number: int, analysis: Analysis) -> dict[str, dict[str, str]]:
    from mgu.report.figures.results import labels_of

    labels, pictures = labels_of(analysis.table), {}
    for name, figure in figures(analysis).items():
        svg = encode(figure.draw(), "svg", transparent=True).decode()
        pictures[name] = {"svg": _inline(svg, f"e{number}-{name}-", labels), "caption": figure.caption}
    return pictures


def _inline(svg: str, prefix: str, labels: dict[str, str]) -> str:
    """Returns the figure as part of a page: with unique ids, the colours of the page, and labels on its points."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg class="picture" role="img" \1>', svg, count=1)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("xlink:href", "href").replace(INK, "currentColor")
    svg = re.sub(r'<g id="(point-\d+)">', lambda point: _point(point[1], labels), svg)
    return re.sub(r'(id="|href="#|url\(#)', rf"\1{prefix}", svg)


def _point(name: str, labels: dict[str, str]) -> str:
    label = escape(printable(labels.get(name, "")))
    return f'<g id="{name}" class="point" tabindex="0" role="img" aria-label="{label}" data-label="{label}">'
