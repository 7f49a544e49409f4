"""Reports for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from rich.console import Console

from mgu.console.table import TextColumn
from mgu.console.table import print_table as print_columns
from mgu.console.text import table_console
from mgu.report.analysis import Analysis
from mgu.report.formats.over_table import HEADING, over_table
from mgu.report.formats.side_table import SideTable
from mgu.report.formats.tables import class_tables, verdict_table
from mgu.report.in_processes import map_analyses
from mgu.report.over_data_sets import Found, Summary, on_data_set, summarise
from mgu.report.ranking.column import Column
from mgu.report.ranking.columns import LEFT_ALIGNED, repeats_name, shown_columns
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.searches.fronts import front_tables
from mgu.report.searches.measured import measured_table
from mgu.report.searches.table import SearchTable, search_tables
from mgu.text.printable import printable


def print_analyses(analyses: Sequence[Analysis]) -> None:
    """Prints tables and sentences, with units in bold and models that did not end well dimmed.

    At a terminal a table is printed before its sentences, whose statistics take a moment.

    Args:
        analyses: The experiments.
    """
    console = table_console()
    found = list[Found]()
    if console.is_terminal:
        for analysis in analyses:
            _print_analysis(console, analysis)
            found.append(on_data_set(analysis))
    else:
        for text, own in map_analyses(partial(_render, console), analyses):
            console.file.write(text)
            found.append(own)
    _print_over(console, summarise(found))


def _render(console: Console, analysis: Analysis) -> tuple[str, Found]:
    with console.capture() as captured:
        _print_analysis(console, analysis)
    return captured.get(), on_data_set(analysis)


def _print_over(console: Console, summary: Summary) -> None:
    """Prints what follows from several data sets together, where there are several."""
    for over in summary.joined:
        _print_side_table(console, over_table(over))
    if summary.sentences:
        _print_section(console, HEADING, summary.sentences)
        console.print()


def _print_analysis(console: Console, analysis: Analysis) -> None:
    print_table(console, analysis.table)
    if (judged := verdict_table(analysis)).rows:
        _print_side_table(console, judged)
    for classes in class_tables(analysis):
        _print_side_table(console, classes)
    if analysis.searches:
        for table in (*search_tables(analysis.searches), *front_tables(analysis.searches)):
            print_searches(console, table)
    for measured in analysis.measured:
        print_searches(console, measured_table(measured))
    for heading, sentences in analysis.sections.items():
        _print_section(console, heading, sentences)
    console.print()


def _print_section(console: Console, heading: str, sentences: Iterable[str]) -> None:
    console.print(heading, style="bold", highlight=False, markup=False)
    for sentence in map(printable, sentences):
        console.print(sentence, highlight=False, markup=False, soft_wrap=not console.is_terminal)


def _print_side_table(console: Console, table: SideTable) -> None:
    """Prints a table whose columns of names are aligned to the left."""
    columns = [
        TextColumn(title, title, [row[k][0] for row in table.rows], "left" if k in table.left else "right")
        for k, title in enumerate(table.columns)
    ]
    print_columns(console, columns, table.lesser, title=table.title)


def print_searches(console: Console, table: SearchTable) -> None:
    """Prints a table of searches, without the lesser columns where the terminal is too narrow.

    Args:
        console: The terminal.
        table: The table.
    """
    columns = [
        TextColumn(key, title, [row[index][0] for row in table.rows], "right" if index else "left")
        for index, (key, title) in enumerate(zip(table.keys, table.columns, strict=True))
    ]
    lesser = [key for key in table.lesser if key in table.keys]
    print_columns(console, columns, lesser, title=table.title)


def print_table(console: Console, table: Table) -> None:
    """Prints a ranking, without the lesser columns where the terminal is too narrow."""
    shown = shown_columns(table)
    columns = [
        TextColumn(
            column.key,
            column.title,
            [column.text(row) for row in table.rows],
            "left" if column.key in LEFT_ALIGNED else "right",
        )
        for column in shown
    ]
    styles = list(map(_style, table.rows))
    print_columns(console, columns, _lesser(table, shown), title=table.title, styles=styles)


def _style(row: Row) -> str:
    if row.is_unit:
        return "bold"
    return "" if row.status == "ok" else "dim"


def _lesser(table: Table, shown: Sequence[Column]) -> list[str]:
    """Columns that a narrow terminal hides, in this order.

    First those that repeat the name of the model, then the others from the right, and last the test score; rank, name,
    time, status and the validation score, which decides the rank, stay.
    """
    metric = table.score.metric.replace("accuracy", "acc")
    kept, last = ("rank", "model_name", "tts_s", "status", f"val_{metric}"), f"test_{metric}"
    first = [*repeats_name(table), "model_size", "train_acc", "epochs", "seeds"]
    return [*first, *(column.key for column in reversed(shown) if column.key not in (*first, *kept, last)), last]
