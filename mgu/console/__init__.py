"""Console output of training: plain lines for pipes and logs, a live view for terminals.

lines.py prints lines, which summary.py words, live.py draws on a terminal, outcomes.py shows what became of the runs of
a sweep, table.py prints tables that fit the terminal, text.py formats counts, durations, sizes and text of others.
Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.console.lines import LineView as LineView
    from mgu.console.live import LiveView as LiveView
    from mgu.console.outcomes import RunOutcome as RunOutcome
    from mgu.console.outcomes import print_outcomes as print_outcomes
    from mgu.console.summary import describe_energy as describe_energy
    from mgu.console.summary import describe_scores as describe_scores
    from mgu.console.summary import summarise as summarise
    from mgu.console.table import TextColumn as TextColumn
    from mgu.console.table import fit_columns as fit_columns
    from mgu.console.table import print_table as print_table
    from mgu.console.text import count as count
    from mgu.console.text import describe_s as describe_s
    from mgu.console.text import print_line as print_line
    from mgu.console.text import size as size
    from mgu.console.text import table_console as table_console

_HOMES = {
    "LineView": "lines",
    "LiveView": "live",
    "RunOutcome": "outcomes",
    "TextColumn": "table",
    "count": "text",
    "describe_energy": "summary",
    "describe_s": "text",
    "describe_scores": "summary",
    "fit_columns": "table",
    "print_line": "text",
    "print_outcomes": "outcomes",
    "print_table": "table",
    "size": "text",
    "summarise": "summary",
    "table_console": "text",
}
__all__ = list(_HOMES)

# rich takes a tenth of a second to import, which `mgu-run report --format csv` need not wait for.
__getattr__ = import_on_first_use(__name__, _HOMES)
