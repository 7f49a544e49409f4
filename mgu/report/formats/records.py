"""Rows of tables by the names of their columns, with exact values: what CSV and JSON write."""

from __future__ import annotations

from mgu.report.ranking.column import Value
from mgu.report.ranking.columns import columns
from mgu.report.ranking.rank import Table
from mgu.report.searches.table import SearchTable


def origin(table: Table) -> dict[str, str]:
    """Returns the experiment, data set and split of a table."""
    return {"experiment": table.experiment, "dataset": table.dataset, "split": table.split}


def records(table: Table) -> list[dict[str, Value]]:
    """Returns the values of each row by column."""
    shown = columns(table)  # looks at every row, so it is called once for the table
    return [{column.key: column.value(row) for column in shown} for row in table.rows]


def search_records(table: SearchTable) -> list[dict[str, Value]]:
    """Returns the values of each row of a table of searches by column."""
    return [dict(zip(table.keys, (value for _, value in row), strict=True)) for row in table.rows]
