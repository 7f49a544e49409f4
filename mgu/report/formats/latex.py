"""Reports as a LaTeX document that compiles as it is; its tables need booktabs, textcomp and the encoding T1."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mgu.report.analysis import Analysis
from mgu.report.formats.over_table import HEADING, over_table
from mgu.report.formats.side_table import SideTable
from mgu.report.formats.tables import side_tables
from mgu.report.over_data_sets import summarise_all
from mgu.report.ranking.columns import LEFT_ALIGNED, shown_columns

HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{textcomp}
\usepackage{booktabs,longtable}
\usepackage[a4paper,landscape,margin=1cm]{geometry}
\begin{document}
"""
ROWS = 45  # a table with more rows may break over pages
ESCAPES = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "\u00b1": r"$\pm$",
}
# Letters that LaTeX has in the encoding T1, or puts together there (t1enc.dfu since 2016): those of Latin-1, those of
# Latin Extended-A but for a few, and the four of Romanian with a comma below.
MISSING = "\u00d7\u00f7\u0126\u0127\u0138\u013f\u0140\u0149\u0166\u0167\u017f"
LETTERS = ({chr(code) for code in range(0xC0, 0x180)} - set(MISSING)) | set("\u0218\u0219\u021a\u021b")
LIGATURES = re.compile(r"([-',])(?=\1)")  # two of them are set as one sign: dashes and quotes


def to_tex(analyses: Sequence[Analysis]) -> str:
    """Writes one section for each experiment: its ranking with units in bold, and its sentences.

    Args:
        analyses: The experiments.

    Returns:
        The document.
    """
    parts = [*map(_experiment, analyses), *_over(analyses)]
    return HEAD + "\n\\clearpage\n".join(parts) + "\\end{document}\n"


def escape(text: str) -> str:
    """Escapes text for LaTeX; a character that pdfLaTeX does not have becomes a question mark."""
    whole = unicodedata.normalize("NFC", text)  # names of folders may have their accents apart
    plain = "".join(sign if " " <= sign <= "~" or sign in ESCAPES or sign in LETTERS else "?" for sign in whole)
    return LIGATURES.sub(r"\1{}", "".join(ESCAPES.get(sign, sign) for sign in plain))


def _experiment(analysis: Analysis) -> str:
    """Writes the ranking, the sections of text and the side tables of one experiment as LaTeX."""
    table = analysis.table
    shown = shown_columns(table)
    rows = [[column.text(row) for column in shown] for row in table.rows]
    is_left = [column.key in LEFT_ALIGNED for column in shown]
    lines = [rf"\section*{{{escape(table.title)}}}"]
    lines.append(_table([column.title for column in shown], is_left, rows, [row.is_unit for row in table.rows]))
    for heading, sentences in analysis.sections.items():
        lines += [rf"\paragraph{{{escape(heading)}}}", *_items(sentences)]
    for side_table in side_tables(analysis):
        lines += _side_table(side_table)
    return "\n".join(lines) + "\n"


def _over(analyses: Sequence[Analysis]) -> list[str]:
    """Writes a section on several data sets together; nothing where there are not several."""
    joined, sentences = summarise_all(analyses)
    if not sentences:
        return []
    lines = [rf"\section*{{{HEADING}}}", *_items(sentences)]
    return ["\n".join([*lines, *(line for over in joined for line in _side_table(over_table(over)))]) + "\n"]


def _items(sentences: Iterable[str]) -> list[str]:
    return [r"\begin{itemize}", *(rf"\item {escape(sentence)}" for sentence in sentences), r"\end{itemize}"]


def _side_table(table: SideTable) -> list[str]:
    rows = [[text for text, _ in row] for row in table.rows]
    is_left = [k in table.left for k in range(len(table.columns))]
    title = rf"\paragraph{{{escape(table.title)}}}\mbox{{}}\\"
    return [title, _table(table.columns, is_left, rows, [False] * len(rows))]


def _table(titles: list[str], is_left: list[bool], rows: list[list[str]], is_bold: list[bool]) -> str:
    """Writes one table as LaTeX; one with many rows may break across pages."""
    environment = "tabular" if len(rows) <= ROWS else "longtable"
    align = "".join("l" if left else "r" for left in is_left)
    size = r"\scriptsize\setlength{\tabcolsep}{3pt}"
    head = " & ".join(escape(title) for title in titles)
    lines = ["{" + size, r"\noindent" if environment == "tabular" else ""]
    lines += [rf"\begin{{{environment}}}{{@{{}}{align}@{{}}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    if environment == "longtable":
        lines.append(r"\endhead")
    for row, bold in zip(rows, is_bold, strict=True):
        cells = [escape(text) for text in row]
        # A "[" after the line break above would be read as that break's argument.
        cells[0] = "{" + cells[0] + "}" if cells[0].startswith(("[", "*")) else cells[0]
        lines.append(" & ".join(rf"\textbf{{{cell}}}" if bold else cell for cell in cells) + r" \\")
    lines += [r"\bottomrule", rf"\end{{{environment}}}", r"\par}"]
    return "\n".join(line for line in lines if line)
