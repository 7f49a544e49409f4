"""Searches that measure points which are no networks, such as tile sizes: tables of their own, and in no verdict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from mgu.report.formats.side_table import MISSING, Entry
from mgu.report.searches.contender import Contender
from mgu.report.searches.load import UNREADABLE, load_study, read_history
from mgu.report.searches.space_names import name_spaces
from mgu.report.searches.table import SearchTable, share_cell
from mgu.report.searches.variants import group_curves
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import Searches
from mgu.search.curve import Curve
from mgu.search.study_file import read_described
from mgu.tasks.score import Score, shorten

NEAR = 0.95  # of the best score that any study found: what counts as having found it


@dataclass(frozen=True)
class MeasuredSearches:
    """Holds the searches of one space whose points are measured.

    Attributes:
        space: Its name.
        size: Number of its points; None: infinitely many.
        unit: Unit of the scores, of which larger are better.
        contenders: The strategies.
    """

    space: str
    size: int | None
    unit: str
    contenders: Sequence[Contender]

    @property
    def best(self) -> float:
        """The best score that any study found."""
        return max(curve.steps[-1].score for contender in self.contenders for curve in contender.curves if curve.steps)


def load_measured(searches: Iterable[Searches]) -> list[MeasuredSearches]:
    """Loads the searches that measured points, by space.

    Args:
        searches: Where the searches are: in folders of experiments, in packs.

    Returns:
        Those of which a trial has a score; a study that cannot be read is left out, for `mgu-run` itself names it.
    """
    studies: dict[str, list[Curve]] = {}
    known: dict[str, dict[str, Any]] = {}
    for folder in search_folders(searches):
        if folder.is_replayed:
            continue
        try:
            described = read_described(folder)
            if (
                "measure" in described
                and (curve := load_study(folder, described, read_history(folder, described))).steps
            ):
                space = json.dumps([described["space"], described["size"]])  # of one name there may be several
                studies.setdefault(space, []).append(curve)
                known.setdefault(space, described)
        except UNREADABLE:
            continue
    names = name_spaces([study_folder["space"] for study_folder in known.values()])
    return [
        _measured(name, described, curves)
        for name, described, curves in zip(names, known.values(), studies.values(), strict=True)
    ]


def _measured(name: str, described: dict[str, Any], curves: Sequence[Curve]) -> MeasuredSearches:
    """Groups the studies of one space by their strategies."""
    named = [replace(curve, space=name) for curve in curves]
    return MeasuredSearches(
        name, described["size"], described.get("unit", ""), group_curves(named, Score("score"), None)
    )


def measured_table(searches: MeasuredSearches) -> SearchTable:
    """Returns the table of one space: a row for each strategy, the best median first.

    Args:
        searches: The searches of the space.

    Returns:
        The table.
    """
    points = "infinitely many points" if searches.size is None else f"{searches.size:,} points"
    unit = f" [{searches.unit}]" if searches.unit else ""
    columns = [
        ("strategy", "search"), ("studies", "studies"), ("trials", "trials"), ("share_tried", "of the space"),
        ("best_median", f"best, median{unit}"), ("best_worst", "best, worst study"),
        ("of_best_known", "of the best known"),
        ("seconds", "time [s]"), ("to_near_s", f"to {NEAR:.0%} of the best known [s]"),
        ("strategy_share", "strategy's share"),
    ]  # fmt: skip
    ranked = sorted(searches.contenders, key=lambda contender: -median(_bests(contender)))
    best = f"{shorten(searches.best)} {searches.unit}".rstrip()
    title = f"Searches that measure, {searches.space}: {points}, the best known is {best}"
    return SearchTable(
        title,
        keys=[key for key, _ in columns],
        columns=[text for _, text in columns],
        rows=[_row(searches, contender) for contender in ranked],
    )


def _bests(contender: Contender) -> list[float]:
    return [curve.steps[-1].score for curve in contender.curves]


def _row(searches: MeasuredSearches, contender: Contender) -> list[Entry]:
    """Returns the row of one strategy: what it tried, what it found, and how long that took."""
    bests, target = _bests(contender), NEAR * searches.best
    middle, worst, seconds = median(bests), min(bests), fmean(curve.seconds for curve in contender.curves)
    share = None if searches.size is None else contender.trials / searches.size
    expected, hits = contender.expected(target), contender.hits(target)
    few = f" ({hits}/{len(contender.curves)})" if hits < len(contender.curves) else ""
    return [
        (contender.name, contender.name),
        (str(len(contender.curves)), len(contender.curves)),
        (f"{contender.trials:,.4g}", contender.trials),
        MISSING if share is None else (f"{share:.3%}", share),
        (shorten(middle), middle),
        (shorten(worst), worst),
        (f"{middle / searches.best:.2f}", middle / searches.best) if searches.best > 0 else MISSING,
        (f"{seconds:,.1f}", seconds),
        (f"never{few}", None) if expected is None else (f"{expected:,.1f}{few}", expected),
        share_cell(contender),
    ]
