"""Held-out rows of a table that predictions read otherwise than the run's own score: a category with a blank behind it.

Training takes cells as they are, and so does the score of the run: what no row to train on has is unseen. Who predicts
reads new files by other hands, and takes it for the category that it is but for blanks or the form of a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mgu.data.tables.inputs import MISSING
from mgu.data.tables.spellings import CategoryCodes
from mgu.results.on_disk.preprocessing import Columns
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd


class ReadOtherwise(NamedTuple):
    """Names a cell that predictions read otherwise.

    Attributes:
        row: Its row, from 0.
        column: Name of its column.
        cell: What stands in the file.
        category: What predictions take it for.
    """

    row: int
    column: str
    cell: str
    category: str


def find_read_otherwise(columns: Columns, parsed: pd.DataFrame, raw: dict[str, list[Any]]) -> list[ReadOtherwise]:
    """Finds the cells of held-out rows that count as unseen in the score of a run, but not in predictions.

    Args:
        columns: What the run takes.
        parsed: The rows as the run was scored on them.
        raw: The same rows as they stand in the file, by name of the column.

    Returns:
        The cells, column by column.
    """
    found = []
    for column in columns.categories:
        codes = CategoryCodes(column, columns.missing_words)
        cells = parsed[column.name]
        scored = cells.astype(object).where(cells.notna(), MISSING).map(str)
        for row, (known, cell) in enumerate(zip(scored, raw[column.name], strict=True)):
            if known not in codes.known and (category := codes.category(cell)) is not None:
                found.append(ReadOtherwise(row, column.name, str(cell), category))
    return found


def describe_read_otherwise(found: list[ReadOtherwise], num_rows: int) -> str:
    """Says which held-out rows are not compared, and why.

    Args:
        found: At least one cell.
        num_rows: How many rows are held out.

    Returns:
        One line.
    """
    count, first = len({cell.row for cell in found}), found[0]
    rows, are, they = (
        (f"{count:,} held-out rows", "are", "they have") if count > 1 else ("1 held-out row", "is", "it has")
    )
    return (
        f"{rows} of {num_rows:,} {are} not compared, for {they} a category as no row to train on writes it: the score "
        f"of the run takes {printable(repr(first.cell))} in {printable(repr(first.column))} for unseen, and "
        f"predictions and the file take it for {printable(repr(first.category))}"
    )
