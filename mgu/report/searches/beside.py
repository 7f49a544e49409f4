"""Searches that measure, beside the runs of their experiments and of those that have none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mgu.report.analysis import Analysis
from mgu.report.searches.measured import MeasuredSearches, load_measured
from mgu.results.runs.searches import Searches


def add_measured(
    analyses: Sequence[Analysis], searches: Iterable[Searches]
) -> tuple[list[Analysis], list[MeasuredSearches]]:
    """Adds to the first table of each experiment its searches that measured points which are no networks.

    Args:
        analyses: The tables.
        searches: Where searches are, also those of experiments without a table.

    Returns:
        The tables, and the searches that measured of experiments without one.
    """
    seen, completed = set[Searches](), list[Analysis]()
    for analysis in analyses:
        of_table = {where for row in analysis.table.rows for run in row.runs for where in run.searches} - seen
        seen |= of_table
        measured = load_measured(sorted(of_table, key=lambda where: where.experiment))
        completed.append(replace(analysis, measured=measured) if measured else analysis)
    return completed, load_measured(where for where in searches if where not in seen)
