"""Reports for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from mgu.console.text import table_console
from mgu.report.analysis import Analysis
from mgu.report.ranking.columns import LEFT_ALIGNED, REPEATS_NAME, Column, shown_columns
from mgu.report.ranking.rank import Table

Side = Literal["left", "right"]

GAP = "   "


def print_analyses(analyses: Sequence[Analysis]) -> None:
    """Prints tables and sentences, with units in bold and models that did not end well dimmed.

    A table is printed before its sentences, whose statistics take a moment.

    Args:
        analyses: The experiments.
    """
    console = table_console()
    for analysis in analyses:
        print_table(console, analysis.table)
        for heading, sentences in analysis.sections.items():
            console.print(heading, style="bold", highlight=False, markup=False)
            for sentence in sentences:
                console.print(sentence, highlight=False, markup=False, soft_wrap=not console.is_terminal)
        console.print()


class _Cells(NamedTuple):
    """Texts of a table, with a style for each row and an alignment for each column."""

    titles: list[str]
    rows: list[list[str]]
    styles: list[str]
    sides: list[Side]

    @property
    def widths(self) -> list[int]:
        """Widths of the columns in characters."""
        return [max(map(len, column)) for column in zip(self.titles, *self.rows, strict=True)]

    @property
    def width(self) -> int:
        """Width of a line in characters."""
        return sum(self.widths) + len(GAP) * len(self.titles)


def print_table(console: Console, table: Table) -> None:
    """Prints a ranking, without the lesser columns where the terminal is too narrow."""
    every = shown_columns(table)
    shown, cells = every, _cells(table, every)
    for key in _lesser(table, every):
        if cells.width <= console.width:
            break
        shown = [column for column in shown if column.key != key]
        cells = _cells(table, shown)
    console.print(table.title, style="italic", markup=False, highlight=False)
    if cells.width <= console.width:
        console.print(_aligned(cells), soft_wrap=True)
    else:
        console.print(_folded(cells))
    if missing := [column.title for column in every if column not in shown]:
        hidden = f"Columns hidden to fit the terminal: {', '.join(missing)}."
        console.print(hidden, style="dim", highlight=False, markup=False)


def _cells(table: Table, shown: list[Column]) -> _Cells:
    return _Cells(
        titles=[column.title for column in shown],
        rows=[[column.text(row) for column in shown] for row in table.rows],
        styles=["bold" if row.is_unit else "dim" if row.status != "ok" else "" for row in table.rows],
        sides=["left" if column.key in LEFT_ALIGNED else "right" for column in shown],
    )


def _lesser(table: Table, shown: list[Column]) -> list[str]:
    """Columns that a narrow terminal hides, in this order.

    First those that repeat the name of the model, then the others from the right; rank, name, time, score and status
    stay.
    """
    score = table.score.metric
    kept = ("rank", "model_name", "tts_s", "status", f"{table.tested}_{'acc' if score == 'accuracy' else score}")
    first = [*REPEATS_NAME, "model_size", "train_acc", "epochs", "seeds"]
    return first + [column.key for column in reversed(shown) if column.key not in (*first, *kept)]


def _aligned(cells: _Cells) -> Text:
    """A table with room for every cell, written without rich's own, which takes most of the time of a long report."""
    widths = cells.widths
    pads = [str.ljust if side == "left" else str.rjust for side in cells.sides]

    def line(texts: list[str]) -> str:
        return " " + GAP.join(pad(text, width) for pad, text, width in zip(pads, texts, widths, strict=True)).rstrip()

    head = line(cells.titles)
    text = Text.assemble("\n", (head, "bold"), "\n", "\u2500" * (cells.width - 1), "\n")
    for row, style in zip(cells.rows, cells.styles, strict=True):
        text.append(line(row) + "\n", style)
    return text


def _folded(cells: _Cells) -> RichTable:
    """A table for a terminal that is too narrow: a cell takes several lines."""
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, side in zip(cells.titles, cells.sides, strict=True):
        grid.add_column(escape(title), justify=side, overflow="fold")
    for row, style in zip(cells.rows, cells.styles, strict=True):
        grid.add_row(*map(Text, row), style=style)
    return grid
