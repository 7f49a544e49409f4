"""Analysed tables as a LaTeX document that compiles as it stands; the tables need only the package booktabs."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.analysis import Analysis
from mgu.report.columns import LEFT_ALIGNED, shown_columns
from mgu.report.rank import Table

HEAD = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,longtable}
\usepackage[a4paper,landscape,margin=1cm]{geometry}
\begin{document}
"""
ROWS = 45  # of a table that must fit on a page; a longer one may break over pages
ESCAPES = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "\u00b1": r"$\pm$",
}


def to_tex(analyses: Sequence[Analysis]) -> str:
    """A section an experiment: its ranking and what follows from it. Units are bold."""
    parts = [_experiment(analysis) for analysis in analyses]
    return HEAD + "\n\\clearpage\n".join(parts) + "\\end{document}\n"


def escape(text: str) -> str:
    """For the text of a document; what pdfLaTeX has no sign for becomes a question mark."""
    plain = "".join(sign if " " <= sign <= "~" or sign in ESCAPES else "?" for sign in text)
    return "".join(ESCAPES.get(sign, sign) for sign in plain)


def _experiment(analysis: Analysis) -> str:
    lines = [rf"\section*{{{escape(analysis.table.title)}}}", _table(analysis.table)]
    for heading, sentences in analysis.sections.items():
        lines += [rf"\paragraph{{{escape(heading)}}}", r"\begin{itemize}"]
        lines += [rf"\item {escape(sentence)}" for sentence in sentences]
        lines.append(r"\end{itemize}")
    return "\n".join(lines) + "\n"


def _table(table: Table) -> str:
    shown = shown_columns(table)
    environment = "tabular" if len(table.rows) <= ROWS else "longtable"
    align = "".join("l" if column.key in LEFT_ALIGNED else "r" for column in shown)
    size = r"\scriptsize\setlength{\tabcolsep}{3pt}"
    head = " & ".join(escape(column.title) for column in shown)
    lines = ["{" + size, r"\noindent" if environment == "tabular" else ""]
    lines += [rf"\begin{{{environment}}}{{@{{}}{align}@{{}}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    if environment == "longtable":
        lines.append(r"\endhead")
    for row in table.rows:
        cells = [escape(column.text(row)) for column in shown]
        # A "[" after the line break above would be read as that break's argument.
        cells[0] = "{" + cells[0] + "}" if cells[0].startswith(("[", "*")) else cells[0]
        lines.append(" & ".join(rf"\textbf{{{cell}}}" if row.is_unit else cell for cell in cells) + r" \\")
    lines += [r"\bottomrule", rf"\end{{{environment}}}", r"\par}"]
    return "\n".join(line for line in lines if line)
