"""A comparison of two sides for the terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import json
from typing import Any

from mgu.console.table import TextColumn, print_table
from mgu.console.text import table_console
from mgu.report.diff.compare_sides import Diff
from mgu.report.formats.markdown import escape, table_lines
from mgu.report.formats.tables import SideTable
from mgu.text.printable import printable


def print_diff(found: Diff) -> None:
    """Prints a comparison at the terminal.

    Args:
        found: The comparison.
    """
    console = table_console()
    for note in (f"A: {found.first}", f"B: {found.second}", *found.notes):
        console.print(printable(note), markup=False, highlight=False, soft_wrap=not console.is_terminal)
    for table in found.tables:
        cells = [[row[place][0] for row in table.rows] for place in range(len(table.columns))]
        columns = [
            TextColumn(str(place), title, own, "right" if place else "left")
            for place, (title, own) in enumerate(zip(table.columns, cells, strict=True))
        ]
        print_table(console, columns, [], title=table.title, styles=[""] * len(table.rows))


def to_markdown(found: Diff) -> str:
    """Writes a comparison as Markdown.

    Args:
        found: The comparison.

    Returns:
        The text: both sides, the notes as a list, and a table for each kind of difference.
    """
    lines = [f"A: {escape(found.first)}, B: {escape(found.second)}", "", *(f"- {escape(own)}" for own in found.notes)]
    for table in found.tables:
        is_left = [place == 0 for place in range(len(table.columns))]
        cells = ([text for text, _ in row] for row in table.rows)
        lines += ["", f"**{escape(table.title)}**", "", *table_lines(table.columns, is_left, cells)]
    return "\n".join(lines) + "\n"


def to_json(found: Diff) -> str:
    """Writes a comparison as JSON with exact values.

    Args:
        found: The comparison.

    Returns:
        The text, indented.
    """
    tables = {table.title: _records(table) for table in found.tables}
    record = {"a": found.first, "b": found.second, "notes": found.notes, "tables": tables}
    return json.dumps(record, indent=2) + "\n"


def _records(table: SideTable) -> list[dict[str, Any]]:
    """Returns the rows of a table by the titles of its columns, of which the first may have none."""
    keys = [title or "what" for title in table.columns]
    return [dict(zip(keys, (value for _, value in row), strict=True)) for row in table.rows]
