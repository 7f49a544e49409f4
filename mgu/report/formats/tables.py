"""Side tables of a report: the unit against every baseline, and the paper's rows with ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mgu.report.analysis import Analysis
from mgu.report.stats.replication import Pair
from mgu.report.stats.verdict import Verdict
from mgu.report.stats.words import p_text

Entry = tuple[str, str | float | None]  # rounded text for people, exact value for sorting


class SideTable(NamedTuple):
    """Holds a table of which the first column is text and the others are numbers.

    Attributes:
        title: Its heading.
        columns: Headings of the columns.
        rows: Text and value of every cell.
    """

    title: str
    columns: list[str]
    rows: list[list[Entry]]


def side_tables(analysis: Analysis) -> list[SideTable]:
    """Returns the side tables of an experiment that have rows."""
    tables = (comparison_table(analysis.verdict), replication_table(analysis.replication))
    return [table for table in tables if table.rows]


def comparison_table(verdict: Verdict | None) -> SideTable:
    """Compares the unit with every baseline, best first; stats/compare.py describes the p-values."""
    examples = verdict.unit.examples if verdict else "images"
    columns = ["baseline", "difference [points]", "95 % interval", "seeds", "effect size d", "p over seeds",
               f"p over {examples}", "p over both", "p corrected"]  # fmt: skip
    title = f"The unit {verdict.unit.name} minus each baseline, {verdict.table.tested}_acc" if verdict else ""
    rows: list[list[Entry]] = []
    for own in verdict.comparisons if verdict else ():
        low, high = own.difference.low, own.difference.high
        interval = "-" if low is None or high is None else f"{100 * low:+.2f} to {100 * high:+.2f}"
        rows.append(
            [
                (own.baseline.name, own.baseline.name),
                (f"{100 * own.difference.mean:+.2f}", own.difference.mean),
                (interval, low),
                (str(own.difference.n), own.difference.n),
                ("-" if own.effect is None else f"{own.effect:+.2f}", own.effect),
                *((p_text(p), p) for p in (own.p_seeds, own.p_images, own.p, own.p_corrected)),
            ]
        )
    return SideTable(title, columns, rows)


def replication_table(pairs: Sequence[Pair]) -> SideTable:
    """Lists the paper's rows with ours, by the paper's accuracy."""
    columns = [
        "model_name",
        "in the paper",
        "paper [%]",
        "ours [%]",
        "difference [points]",
        "in our interval",
        "diverged",
    ]
    within = {None: "-", True: "no", False: "yes"}
    rows: list[list[Entry]] = [
        [
            (pair.row.name, pair.row.name),
            (pair.paper.model_name, pair.paper.model_name),
            (f"{pair.paper.val_acc:.2f}", pair.paper.val_acc),
            ("-" if pair.ours is None else f"{pair.ours:.2f}", pair.ours),
            ("-" if pair.difference is None else f"{pair.difference:+.2f}", pair.difference),
            (within[pair.is_outside], within[pair.is_outside]),
            (pair.diverged, pair.diverged),
        ]
        for pair in pairs
    ]
    return SideTable("The paper's results and ours", columns, rows)
