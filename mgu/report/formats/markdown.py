"""Reports in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mgu.report.analysis import Analysis
from mgu.report.formats.tables import side_tables
from mgu.report.ranking.columns import LEFT_ALIGNED, shown_columns


def to_markdown(analyses: Sequence[Analysis]) -> str:
    """Writes each experiment with a heading, its table, and its sentences as lists.

    Args:
        analyses: The experiments.

    Returns:
        The document.
    """
    return "\n\n".join("\n".join(_experiment(analysis)) for analysis in analyses) + "\n"


def _experiment(analysis: Analysis) -> list[str]:
    table = analysis.table
    shown = shown_columns(table)
    titles, is_left = [column.title for column in shown], [column.key in LEFT_ALIGNED for column in shown]
    lines = [f"## {table.title}", ""]
    lines += _table(titles, is_left, ([column.text(row) for column in shown] for row in table.rows))
    for heading, sentences in analysis.sections.items():
        lines += ["", f"**{heading}**", "", *(f"- {sentence}" for sentence in sentences)]
    for side_table in side_tables(analysis):
        cells = ([text for text, _ in row] for row in side_table.rows)
        lines += ["", f"**{side_table.title}**", ""]
        lines += _table(side_table.columns, [k == 0 for k in range(len(side_table.columns))], cells)
    return lines


def _table(titles: Sequence[str], is_left: Sequence[bool], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""

    def line(cells: Iterable[str]) -> str:
        escaped = (" ".join(cell.replace("|", "\\|").replace("<", "&lt;").split()) for cell in cells)
        return f"| {' | '.join(escaped)} |"

    return [line(titles), line(":--" if left else "--:" for left in is_left), *map(line, rows)]
