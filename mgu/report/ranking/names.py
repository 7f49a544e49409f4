"""Names of the rows of a table, each of which belongs to one row only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mgu.report.ranking.row import Row
from mgu.results.compare.axes import NO_AXES, Axes, find_axes


def name_rows(rows: Sequence[Row]) -> Axes:
    """Names the rows of a table so that they can be told apart, and returns the keys in which they differ.

    A table of one row has no axes, and its row keeps the name of its run. Where rows have one name in spite of the
    axes, because their configurations cannot be read or differ behind what a name shows, the identity of the run
    follows the name, or else a number.
    """
    if len(rows) < 2:
        return NO_AXES
    axes = find_axes([(row.result.stem, row.result.config) for row in rows])
    for row in rows:
        row.name = axes.name(row.own_name, row.result.seed, row.result.config)
    counts = Counter(row.name for row in rows)
    taken: set[str] = set()
    for row in rows:
        if counts[row.name] > 1:
            row.name += f"-{row.result.identity}"
        name, number = row.name, 1
        while row.name in taken:
            number += 1
            row.name = f"{name} #{number}"
        taken.add(row.name)
    return axes
