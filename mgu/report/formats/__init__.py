"""Formats of a report: terminal, Markdown, CSV, JSON, LaTeX and one self-contained HTML page.

All of them write the same `Analysis` objects. Only the terminal needs rich, and only the page needs jinja2 and
matplotlib, so that names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.report.formats.csv import to_csv
    from mgu.report.formats.html import to_html
    from mgu.report.formats.json import to_json
    from mgu.report.formats.latex import to_tex
    from mgu.report.formats.markdown import to_markdown
    from mgu.report.formats.terminal import print_analyses

__all__ = ["print_analyses", "to_csv", "to_html", "to_json", "to_markdown", "to_tex"]
_HOMES = {
    "print_analyses": "terminal",
    "to_csv": "csv",
    "to_html": "html",
    "to_json": "json",
    "to_markdown": "markdown",
    "to_tex": "latex",
}

__getattr__ = import_on_first_use(__name__, _HOMES)
