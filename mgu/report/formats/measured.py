"""Reports of searches that measured points, where there are no runs: as tables, Markdown, CSV, JSON and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from mgu.console.text import table_console
from mgu.report.formats.csv import cell
from mgu.report.formats.json import measured_to_plain
from mgu.report.formats.markdown import escape, table_lines
from mgu.report.searches.measured import MeasuredSearches, measured_table


def _to_table(measured: Sequence[MeasuredSearches]) -> str:
    """Prints the tables as wide as the terminal is; nothing is left to print."""
    from mgu.report.formats.terminal import print_searches  # rich takes longer to import than a CSV to write

    console = table_console()
    for searches in measured:
        print_searches(console, measured_table(searches))
    return ""


def _to_markdown(measured: Sequence[MeasuredSearches]) -> str:
    lines: list[str] = []
    for table in map(measured_table, measured):
        cells = ([text for text, _ in row] for row in table.rows)
        is_left = [index == 0 for index in range(len(table.columns))]
        lines += [f"**{escape(table.title)}**", "", *table_lines(table.columns, is_left, cells), ""]
    return "".join(f"{line}\n" for line in lines)


def _to_csv(measured: Sequence[MeasuredSearches]) -> str:
    """Writes one line for each strategy on each space, with exact values."""
    tables = [(searches.unit, measured_table(searches)) for searches in measured]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*tables[0][1].keys, "unit"])
    for unit, table in tables:
        values = [[*("" if value is None else value for _, value in row), unit] for row in table.rows]
        writer.writerows(map(cell, row) for row in values)
    return text.getvalue()


def _to_json(measured: Sequence[MeasuredSearches]) -> str:
    return json.dumps({"measured": list(map(measured_to_plain, measured))}, indent=2) + "\n"


def _to_html(measured: Sequence[MeasuredSearches]) -> str:
    from mgu.report.formats.html import to_html  # matplotlib takes a second to import

    return to_html([], [], measured)


# By the name of a form, what takes the searches of at least one space and returns the text to print.
MEASURED_FORMATS: dict[str, Callable[[Sequence[MeasuredSearches]], str]] = {
    "table": _to_table,
    "md": _to_markdown,
    "csv": _to_csv,
    "json": _to_json,
    "html": _to_html,
}
