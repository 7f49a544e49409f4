"""The grid: those baselines of a table that a sweep without a search trains."""

from __future__ import annotations

from collections.abc import Collection

from mgu.report.ranking.rank import Table
from mgu.report.ranking.recipe import values_of
from mgu.report.ranking.row import Row


def grid_rows(table: Table, chosen: Collection[str]) -> list[Row]:
    """Finds the baselines that the grid has, each of them once.

    Which runs a search trains depends on what it has found, so that they are no models in random order, and most are at
    points that no grid has, such as a learning rate of 0.00371.

    Args:
        table: A ranked table.
        chosen: Names of the folders of the runs that searches chose by what they found.

    Returns:
        The baselines with a run that is none of these, and of the others those that have the layout, the normalisation,
        the residual connections and the axes of some of the former each: a sweep finds them finished and skips them.
    """
    rows = [row for row in table.baselines if any(result.folder_name not in chosen for result in row.results)]
    if len(rows) == len(table.baselines):
        return rows
    by_key = [set(values) for values in zip(*(_point(table, row) for row in rows), strict=True)]
    return [
        row
        for row in table.baselines
        if rows and all(value in known for value, known in zip(_point(table, row), by_key, strict=True))
    ]


def _point(table: Table, row: Row) -> list[str]:
    """Returns where a row lies in the grid."""
    result = row.result
    return [result.layout, str(result.norm), str(result.residual), *values_of(row, table.axes.keys).values()]
