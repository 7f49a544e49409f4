"""Formats of a report: terminal, Markdown, CSV, JSON, LaTeX and one self-contained HTML page.

All of them write the same `Analysis` objects. Only the terminal needs rich, and only the page needs jinja2 and
matplotlib, so that names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgu.report.formats.csv import to_csv
    from mgu.report.formats.html import to_html
    from mgu.report.formats.json import to_json
    from mgu.report.formats.latex import to_tex
    from mgu.report.formats.markdown import to_markdown
    from mgu.report.formats.terminal import print_analyses

__all__ = ["print_analyses", "to_csv", "to_html", "to_json", "to_markdown", "to_tex"]
_MODULES = {
    "print_analyses": "terminal",
    "to_csv": "csv",
    "to_html": "html",
    "to_json": "json",
    "to_markdown": "markdown",
    "to_tex": "latex",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
