"""Runs on rows in groups that have not kept the groups: earlier versions wrote right answers without them."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.console.text import count
from mgu.report.ranking.row import Row
from mgu.results.on_disk.correct import read_correct
from mgu.results.runs.load import Run
from mgu.text.agree import agree


def describe_ungrouped(rows: Sequence[Row]) -> list[str]:
    """Says which runs nothing is tested over groups with, though their rows are in groups.

    Args:
        rows: The rows that are compared, by one score.

    Returns:
        One sentence; none where every run has kept the groups of its rows, or right answers are not compared.
    """
    runs = [run for row in rows if row.score.metric == "accuracy" for run in row.runs]
    if not (number := sum(map(_lacks_groups, runs))):
        return []
    have = agree(number, "has", "have")
    return [
        f"{number} of {count(len(runs), 'run')} {have} not kept the groups of the test rows, as earlier versions did "
        "not. Rows of one group are not independent, so tests with such runs are over seeds alone. Train them again "
        "with force=true."
    ]


def _lacks_groups(run: Run) -> bool:
    if run.result.status == "failed" or not run.result.has_grouped_rows:
        return False
    read = read_correct(run.folder, packed=run.packed)  # whether it is as the run wrote it is told already
    return read is not None and not read[2]
