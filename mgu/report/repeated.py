"""Runs that repeat a seed of their model: which of them counts, and where another has other results."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from mgu.console.text import count
from mgu.report.ranking.rank import Table
from mgu.results.runs.load import Run
from mgu.results.schema.result import Result
from mgu.text.agree import agree

MOST_NAMED = 3  # runs


def describe_repeated(table: Table) -> list[str]:
    """Says how many runs are left out because another of their model and seed counts.

    Args:
        table: A ranked table.

    Returns:
        A sentence if there are any, and one for each that is the same run as the one that counts, with other results.
    """
    if not (number := len(table.repeated)):
        return []
    what = agree(number, "repeats a seed of its model and is", "repeat a seed of their model and are")
    counted = {run.result.identity: run for row in table.rows for run in row.runs}
    found = [(counted.get(run.result.identity), run) for run in table.repeated]
    different = [
        _describe_other(first, run) for first, run in found if first and _bare(first.result) != _bare(run.result)
    ]
    more = [f"So have {len(different) - MOST_NAMED} others that are left out."] if len(different) > MOST_NAMED else []
    return [f"{number} of all runs {what} left out.", *different[:MOST_NAMED], *more]


def _bare(result: Result) -> Result:
    """Returns a result without what does not change it, as packs leave it out."""
    return replace(result, config={}, error=None)


def _describe_other(first: Run, other: Run) -> str:
    counts, left_out = _places(first, other)
    return (
        f"Of {first.result.name} the run in {counts} counts; that in {left_out} has another result "
        f"({_describe_result(other.result)}, not {_describe_result(first.result)}): name one of both alone to have it."
    )


def _describe_result(result: Result) -> str:
    value = result.val_score
    score = result.status if value is None else f"val {result.score.text(value)}"
    return f"{score} after {count(result.epochs, 'epoch')}"


def _places(*runs: Run) -> list[Path]:
    """Returns where each run is, a pack or a folder: from here, or as far as that tells them apart."""
    places = [(run.folder if run.packed is None else run.folder.parents[1]).absolute() for run in runs]
    here, above = Path.cwd(), Path(os.path.commonpath(places))
    return [place.relative_to(here if above.is_relative_to(here) else above) for place in places]
