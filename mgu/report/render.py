"""Ranked tables as Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from mgu.report.columns import LEFT_ALIGNED, Column, columns, shown_columns
from mgu.report.rank import Row, Table
from mgu.report.summary import summarise


def to_markdown(tables: Sequence[Table]) -> str:
    """A heading, a table and the summary as a list, for each experiment."""
    parts = []
    for table in tables:
        shown = shown_columns(table)
        rows = [[column.title for column in shown], *([_cell(column, row) for column in shown] for row in table.rows)]
        rows.insert(1, [":--" if column.key in LEFT_ALIGNED else "--:" for column in shown])
        lines = [f"## {table.title}", "", *("| " + " | ".join(row) + " |" for row in rows), ""]
        parts.append("\n".join([*lines, *(f"- {line}" for line in summarise(table))]))
    return "\n\n".join(parts) + "\n"


def to_csv(tables: Sequence[Table]) -> str:
    """One row a run, exact values; accuracies in percent, an empty cell where nothing was measured."""
    keys: dict[str, None] = {}
    for table in tables:
        keys.update(dict.fromkeys(column.key for column in columns(table)))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=[*keys, "experiment", "dataset", "split", "seed"], lineterminator="\n")
    writer.writeheader()
    for table in tables:
        writer.writerows(_record(table, row) | _origin(table) | {"seed": row.result.seed} for row in table.rows)
    return text.getvalue()


def to_json(tables: Sequence[Table], skipped: Sequence[str]) -> str:
    """Rows and summary of each experiment, and the files that could not be read."""
    experiments = [
        {
            **_origin(table),
            "rows": [_record(table, row) | {"seed": row.result.seed} for row in table.rows],
            "summary": summarise(table),
        }
        for table in tables
    ]
    return json.dumps({"experiments": experiments, "skipped": list(skipped)}, indent=2) + "\n"


def _origin(table: Table) -> dict[str, str]:
    return {"experiment": table.experiment, "dataset": table.dataset, "split": table.split}


def _record(table: Table, row: Row) -> dict[str, str | int | float | None]:
    return {column.key: column.value(row) for column in columns(table)}


def _cell(column: Column, row: Row) -> str:
    return column.text(row).replace("|", "\\|")
