"""A comparison of two sides for the terminal, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

import json
from typing import Any

from mgu.console.table import TextColumn, print_table
from mgu.console.text import table_console
from mgu.report.diff.compare_sides import Diff
from mgu.report.formats.markdown import escape, table_lines
from mgu.report.formats.side_table import SideTable
from mgu.text.printable import printable


def print_diff(diff: Diff) -> None:
    """Prints a comparison at the terminal.

    Args:
        diff: The comparison.
    """
    console = table_console()
    for note in (f"A: {diff.first}", f"B: {diff.second}", *diff.notes):
        console.print(printable(note), markup=False, highlight=False, soft_wrap=not console.is_terminal)
    for table in diff.tables:
        cells = [[row[index][0] for row in table.rows] for index in range(len(table.columns))]
        columns = [
            TextColumn(str(index), title, column_cells, "right" if index else "left")
            for index, (title, column_cells) in enumerate(zip(table.columns, cells, strict=True))
        ]
        print_table(console, columns, [], title=table.title, styles=[""] * len(table.rows))


def to_markdown(diff: Diff) -> str:
    """Writes a comparison as Markdown.

    Args:
        diff: The comparison.

    Returns:
        The text: both sides, the notes as a list, and a table for each kind of difference.
    """
    lines = [f"A: {escape(diff.first)}, B: {escape(diff.second)}", "", *(f"- {escape(note)}" for note in diff.notes)]
    for table in diff.tables:
        is_left = [index == 0 for index in range(len(table.columns))]
        cells = ([text for text, _ in row] for row in table.rows)
        lines += ["", f"**{escape(table.title)}**", "", *table_lines(table.columns, is_left, cells)]
    return "\n".join(lines) + "\n"


def to_json(diff: Diff) -> str:
    """Writes a comparison as JSON with exact values.

    Args:
        diff: The comparison.

    Returns:
        The text, indented.
    """
    tables = {table.title: _records(table) for table in diff.tables}
    record = {"a": diff.first, "b": diff.second, "notes": diff.notes, "tables": tables}
    return json.dumps(record, indent=2) + "\n"


def _records(table: SideTable) -> list[dict[str, Any]]:
    """Returns the rows of a table by the titles of its columns, of which the first may have none."""
    keys = [title or "what" for title in table.columns]
    return [dict(zip(keys, (value for _, value in row), strict=True)) for row in table.rows]
