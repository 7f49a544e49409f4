"""Tables for a terminal: columns in full where they fit, without the lesser ones where they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mgu.text.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

GAP = "   "


@dataclass(frozen=True, eq=False)
class TextColumn:
    """Holds one column of a table.

    Attributes:
        key: What `print_table` calls the column by.
        title: Its heading.
        cells: Its text in each row.
        side: Where its text stands.
    """

    key: str
    title: str
    cells: list[str]
    side: Literal["left", "right"] = "right"

    @cached_property
    def width(self) -> int:
        """Width in characters of the terminal."""
        return max(map(_width, (self.title, *self.cells)))


def print_table(
    console: Console,
    columns: Sequence[TextColumn],
    lesser: Iterable[str] = (),
    *,
    title: str = "",
    styles: Sequence[str] = (),
    elsewhere: str = "",
) -> None:
    """Prints a table, without the lesser columns where the terminal is too narrow.

    What does not fit without them either is folded. Control characters are shown as escapes.

    Args:
        console: The terminal.
        columns: The columns in order.
        lesser: Keys of the columns that are hidden, in this order, until the others fit.
        title: A line above the table.
        styles: Style of each row; none: all rows are plain.
        elsewhere: Where hidden columns are, as words that follow their names.
    """
    safe = [replace(column, title=printable(column.title), cells=[*map(printable, column.cells)]) for column in columns]
    shown = fit_columns(safe, lesser, console.width)
    if title:
        console.print(printable(title), style="italic", markup=False, highlight=False)
    if _full_width(shown) <= console.width:
        console.print(_aligned(shown, styles), soft_wrap=True)
    else:
        console.print(_folded(shown, styles, console.width))
    if missing := [column.title for column in safe if column not in shown]:
        hidden = f"Columns hidden to fit the terminal: {', '.join(missing)}{elsewhere}."
        console.print(hidden, style="dim", highlight=False, markup=False)


def fit_columns(columns: Sequence[TextColumn], lesser: Iterable[str], width: int) -> list[TextColumn]:
    """Chooses the columns that fit.

    Args:
        columns: All columns.
        lesser: Keys of those that may be hidden, the first one first.
        width: Width of the terminal in characters.

    Returns:
        The columns without as many of the lesser as it takes.
    """
    shown = list(columns)
    for key in lesser:
        if _full_width(shown) <= width:
            break
        shown = [column for column in shown if column.key != key]
    return shown


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _full_width(columns: Sequence[TextColumn]) -> int:
    return sum(column.width for column in columns) + len(GAP) * len(columns) - len(GAP) + 1


def _aligned(columns: Sequence[TextColumn], styles: Sequence[str]) -> Text:
    """Writes a table with room for every cell without rich's own, which takes most of the time of a long report."""
    from rich.text import Text

    pads: list[Callable[[str], str]] = [_pad(column) for column in columns]

    def line(texts: Iterable[str]) -> str:
        return " " + GAP.join(pad(text) for pad, text in zip(pads, texts, strict=True)).rstrip()

    head = line(column.title for column in columns)
    text = Text.assemble("\n", (head, "bold"), "\n", "\u2500" * _full_width(columns), "\n")
    rows = zip(*(column.cells for column in columns), strict=True)
    for number, row in enumerate(rows):
        text.append(line(row) + "\n", styles[number] if styles else "")
    return text


def _pad(column: TextColumn) -> Callable[[str], str]:
    width, is_left = column.width, column.side == "left"

    def pad(text: str) -> str:
        blanks = " " * (width - _width(text))
        return text + blanks if is_left else blanks + text

    return pad


def _folded(columns: Sequence[TextColumn], styles: Sequence[str], width: int) -> Table:
    """Returns a table for a narrow terminal, in which a cell takes several lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    room = width - len(GAP) * (len(columns) - 1) - 2  # 2: the edges
    for column, exact in zip(columns, _fit_widths(columns, room), strict=True):
        # Exact widths, for of least ones rich makes a table that is wider than the terminal, and cuts its last column.
        grid.add_column(Text(column.title), justify=column.side, overflow="fold", width=exact)
    for number, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        grid.add_row(*map(Text, row), style=styles[number] if styles else "")
    return grid


def _fit_widths(columns: Sequence[TextColumn], room: int) -> list[int]:
    """Narrows the widest column, again and again, and only where it must be a column whose longest word then breaks."""
    widths = [column.width for column in columns]
    words = [max(map(_width, " ".join((column.title, *column.cells)).split()), default=1) for column in columns]
    while sum(widths) > max(room, len(widths)):
        indices = range(len(widths))
        free = [index for index in indices if widths[index] > words[index]] or indices
        widths[max(free, key=widths.__getitem__)] -= 1
    return widths
