"""Reports in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mgu.report.analysis import Analysis
from mgu.report.formats.over_table import HEADING, over_table
from mgu.report.formats.side_table import SideTable
from mgu.report.formats.tables import side_tables
from mgu.report.over_data_sets import summarise_all
from mgu.report.ranking.columns import LEFT_ALIGNED, shown_columns
from mgu.text.printable import printable

MARKS = re.compile(  # characters that mean something, before which stands a backslash
    r"""[\\`*$|]                                  # code, emphasis, mathematics, cells
    | (?<![^\W_])_ | _(?![^\W_])                  # emphasis, but at the border of a word only
    | !(?=\[) | \[(?![\w%.,\ +-]*\](?![(\[:]))  # pictures and links
    | (?<=:)/ | (?<=www)\.                        # addresses
    """,
    re.IGNORECASE | re.VERBOSE,
)


def to_markdown(analyses: Sequence[Analysis]) -> str:
    """Writes each experiment with a heading, its table, and its sentences as lists.

    Args:
        analyses: The experiments.

    Returns:
        The document.
    """
    parts = [*map(_experiment, analyses), *_over(analyses)]
    return "\n\n".join(map("\n".join, parts)) + "\n"


def escape(text: str) -> str:
    """Escapes text for one block of Markdown, so that GitHub and others show its characters as they are.

    An underscore inside a word, and brackets around plain words that no link follows, mean nothing and stay.

    Args:
        text: Text of any origin.

    Returns:
        One line without HTML, links, emphasis, code or the border of a cell.
    """
    plain = MARKS.sub(r"\\\g<0>", printable(text))
    if plain.count("~") > 1:  # one alone strikes nothing through
        plain = plain.replace("~", r"\~")
    plain = re.sub(r"&(?=#?\w+;)", "&amp;", plain).replace("<", "&lt;").replace(">", "&gt;")
    return plain


def _experiment(analysis: Analysis) -> list[str]:
    table = analysis.table
    shown = shown_columns(table)
    titles, is_left = [column.title for column in shown], [column.key in LEFT_ALIGNED for column in shown]
    lines = [f"## {escape(table.title)}", ""]
    lines += table_lines(titles, is_left, ([column.text(row) for column in shown] for row in table.rows))
    for heading, sentences in analysis.sections.items():
        lines += ["", f"**{escape(heading)}**", "", *(f"- {escape(sentence)}" for sentence in sentences)]
    for side_table in side_tables(analysis):
        lines += _side_table(side_table)
    return lines


def _over(analyses: Sequence[Analysis]) -> list[list[str]]:
    """Writes what follows from several data sets together; nothing where there are not several."""
    joined, sentences = summarise_all(analyses)
    if not sentences:
        return []
    lines = [f"## {HEADING}", "", *(f"- {escape(sentence)}" for sentence in sentences)]
    return [[*lines, *(line for over in joined for line in _side_table(over_table(over)))]]


def _side_table(table: SideTable) -> list[str]:
    cells = ([text for text, _ in row] for row in table.rows)
    is_left = [k in table.left for k in range(len(table.columns))]
    return ["", f"**{escape(table.title)}**", "", *table_lines(table.columns, is_left, cells)]


def table_lines(titles: Sequence[str], is_left: Sequence[bool], rows: Iterable[Sequence[str]]) -> list[str]:
    """Writes the lines of a Markdown table.

    Args:
        titles: Heading of each column.
        is_left: Whether it is aligned to the left.
        rows: The cells, which are escaped here.

    Returns:
        The lines.
    """

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rules = line(":--" if left else "--:" for left in is_left)
    return [line(map(escape, titles)), rules, *(line(map(escape, row)) for row in rows)]
