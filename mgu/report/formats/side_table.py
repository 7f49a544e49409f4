"""What a side table of a report is made of, whatever it is about and however it is written."""

from __future__ import annotations

from typing import NamedTuple

Entry = tuple[str, str | float | None]  # rounded text for people, exact value for machines
MISSING: Entry = ("-", None)


class SideTable(NamedTuple):
    """Holds a table of which the first column is text and the others are numbers.

    Attributes:
        title: Its heading.
        columns: Headings of the columns.
        rows: Text and value of every cell.
        left: Indices of the columns that are text.
        lesser: Headings of the columns that a narrow terminal hides, in this order.
    """

    title: str
    columns: list[str]
    rows: list[list[Entry]]
    left: tuple[int, ...] = (0,)
    lesser: tuple[str, ...] = ()
