"""Analysed tables for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from mgu.report.analysis import Analysis
from mgu.report.columns import LEFT_ALIGNED, SAID_TWICE, shown_columns
from mgu.report.rank import Table

PLAIN_WIDTH = 240  # where there is no terminal to ask: wide enough not to fold a cell


def table_console() -> Console:
    """The terminal, or where there is none a page on which no cell is folded."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def print_analyses(analyses: Sequence[Analysis]) -> None:
    """The units stand out in bold, what did not end well is dim. A table is there before what follows from it, whose
    statistics take a moment."""
    console = table_console()
    for analysis in analyses:
        _print_table(console, analysis.table)
        for heading, sentences in analysis.sections.items():
            console.print(heading, style="bold", highlight=False, markup=False)
            for sentence in sentences:
                console.print(sentence, highlight=False, markup=False)
        console.print()


def _print_table(console: Console, table: Table) -> None:
    grid = RichTable(title=escape(table.title), box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    shown = [column for column in shown_columns(table) if column.key not in _left_out(console.width)]
    for column in shown:
        justify: Literal["left", "right"] = "left" if column.key in LEFT_ALIGNED else "right"
        grid.add_column(escape(column.title), justify=justify, overflow="fold")
    for row in table.rows:
        style = "bold" if row.is_unit else "dim" if row.status != "ok" else None
        grid.add_row(*(Text(column.text(row)) for column in shown), style=style)
    console.print(grid)


def _left_out(width: int) -> tuple[str, ...]:
    """Columns that a narrow terminal does without: first those that the model's name says too."""
    lesser = ("model_size", "train_acc", "epochs", "seeds", "val_acc_low", "test_acc_low")
    return () if width >= 160 else SAID_TWICE if width >= 110 else (*SAID_TWICE, *lesser)
