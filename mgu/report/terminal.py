"""Ranked tables for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from mgu.report.columns import LEFT_ALIGNED, shown_columns
from mgu.report.rank import Table
from mgu.report.summary import summarise

PLAIN_WIDTH = 200  # where there is no terminal to ask: wide enough not to fold a cell


def table_console() -> Console:
    """The terminal, or where there is none a page on which no cell is folded."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def print_tables(tables: Sequence[Table]) -> None:
    """The units stand out in bold, what did not end well is dim."""
    console = table_console()
    for table in tables:
        grid = RichTable(title=escape(table.title), box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
        shown = [column for column in shown_columns(table) if column.key not in _left_out(console.width)]
        for column in shown:
            grid.add_column(
                escape(column.title), justify="left" if column.key in LEFT_ALIGNED else "right", overflow="fold"
            )
        for row in table.rows:
            style = "bold" if row.result.model == "unit" else "dim" if row.result.status != "ok" else None
            grid.add_row(*(escape(column.text(row)) for column in shown), style=style)
        console.print(grid)
        for line in summarise(table):
            console.print(line, highlight=False, markup=False)


def _left_out(width: int) -> tuple[str, ...]:
    """Columns that a narrow terminal does without: first those that the model's name says too."""
    said_twice, lesser = ("layout", "norm", "residual"), ("model_size", "train_acc", "epochs")
    return () if width >= 160 else said_twice if width >= 110 else (*said_twice, *lesser)
