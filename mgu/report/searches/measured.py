"""Searches that measure points which are no networks, such as tile sizes: tables of their own, and in no verdict."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import yaml

from mgu.report.searches.contender import Contender
from mgu.report.searches.load import load_study
from mgu.report.searches.space_names import name_spaces
from mgu.report.searches.table import MISSING, Entry, SearchTable, share_cell
from mgu.report.searches.variants import group_curves
from mgu.search.curve import Curve
from mgu.search.study import FOLDER, STUDY_FILE
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
        return max(curve.steps[-1].score for own in self.contenders for curve in own.curves if curve.steps)


def load_measured(folders: Sequence[Path]) -> list[MeasuredSearches]:
    """Loads the searches that measured points, by space.

    Args:
        folders: Experiments, or folders of experiments.

    Returns:
        Those of which a trial has a score; a study that cannot be read is left out, for `mgu-run` itself names it.
    """
    studies: dict[str, list[Curve]] = {}
    known: dict[str, dict[str, Any]] = {}
    for folder in dict.fromkeys(own.resolve() for own in folders):
        files = [*folder.glob(f"{FOLDER}/*/{STUDY_FILE}"), *folder.glob(f"*/{FOLDER}/*/{STUDY_FILE}")]
        for file in sorted(files):
            try:
                described = yaml.safe_load(file.read_text(encoding="utf-8"))
                if "measure" in described and (curve := load_study(file, described)).steps:
                    space = json.dumps([described["space"], described["size"]])  # of one name there may be several
                    studies.setdefault(space, []).append(curve)
                    known.setdefault(space, described)
            except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
                continue
    names = name_spaces([own["space"] for own in known.values()])
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


def measured_table(found: MeasuredSearches) -> SearchTable:
    """Returns the table of one space: a row for each strategy, the best median first.

    Args:
        found: The searches of the space.

    Returns:
        The table.
    """
    points = "infinitely many points" if found.size is None else f"{found.size:,} points"
    unit = f" [{found.unit}]" * bool(found.unit)
    own = [
        ("strategy", "search"), ("studies", "studies"), ("trials", "trials"), ("share_tried", "of the space"),
        ("best_median", f"best, median{unit}"), ("best_worst", "best, worst study"),
        ("of_best_known", "of the best known"),
        ("seconds", "time [s]"), ("to_near_s", f"to {NEAR:.0%} of the best known [s]"),
        ("strategy_share", "strategy's share"),
    ]  # fmt: skip
    ranked = sorted(found.contenders, key=lambda each: -median(_bests(each)))
    title = (
        f"Searches that measure, {found.space}: {points}, the best known is {shorten(found.best)} {found.unit}".rstrip()
    )
    return SearchTable(
        title, [key for key, _ in own], [text for _, text in own], [_row(found, each) for each in ranked]
    )


def measured_to_csv(found: Sequence[MeasuredSearches]) -> str:
    """Writes one line for each strategy on each space, with exact values.

    Args:
        found: The searches, by space; one space at least.

    Returns:
        The text of the CSV file, whose first line names the columns.
    """
    tables = [(own, measured_table(own)) for own in found]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*tables[0][1].keys, "unit"])
    for own, table in tables:
        writer.writerows([*("" if value is None else value for _, value in row), own.unit] for row in table.rows)
    return text.getvalue()


def _bests(own: Contender) -> list[float]:
    return [curve.steps[-1].score for curve in own.curves]


def _row(found: MeasuredSearches, own: Contender) -> list[Entry]:
    """Returns the row of one strategy: what it tried, what it found, and how long that took."""
    bests, target = _bests(own), NEAR * found.best
    middle, worst, seconds = median(bests), min(bests), fmean(curve.seconds for curve in own.curves)
    share = None if found.size is None else own.trials / found.size
    expected, hits = own.expected(target), own.hits(target)
    few = f" ({hits}/{len(own.curves)})" if hits < len(own.curves) else ""
    return [
        (own.name, own.name),
        (str(len(own.curves)), len(own.curves)),
        (f"{own.trials:,.4g}", own.trials),
        MISSING if share is None else (f"{share:.3%}", share),
        (shorten(middle), middle),
        (shorten(worst), worst),
        (f"{middle / found.best:.2f}", middle / found.best),
        (f"{seconds:,.1f}", seconds),
        (f"never{few}", None) if expected is None else (f"{expected:,.1f}{few}", expected),
        share_cell(own),
    ]
