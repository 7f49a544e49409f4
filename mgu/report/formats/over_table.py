"""The comparison of a unit with a rival over several data sets, as a table and as plain values."""

from __future__ import annotations

from typing import Any

from mgu.report.formats.side_table import Entry, SideTable
from mgu.report.over_data_sets import OverDataSets, describe_over_data_sets
from mgu.report.stats.comparison_words import p_text, points_of

COLUMNS = ["data set", "unit", "rival", "difference [points]", "95 % interval", "p corrected", "the unit is"]
HEADING = "Over data sets"


def over_table(over: OverDataSets) -> SideTable:
    """Lists the differences by data set.

    Args:
        over: One kind of unit against one kind of rival.

    Returns:
        The table.
    """
    rows: list[list[Entry]] = [
        [
            (own.data_set, own.data_set),
            (own.unit, own.unit),
            (own.rival, own.rival),
            (f"{points_of(own.difference):+.2f}", own.difference),
            (_interval(own.low, own.high), own.low),
            (p_text(own.p_corrected), own.p_corrected),
            (own.outcome, own.outcome),
        ]
        for own in over.each
    ]
    title = f"{over.each[0].kind} minus {over.each[0].against}, by data set"
    return SideTable(title, COLUMNS, rows, (0, 1, 2, 6), ("unit", "95 % interval", "p corrected", "rival"))


def over_to_plain(over: OverDataSets) -> dict[str, Any]:
    """Writes exact values for JSON.

    Args:
        over: One kind of unit against one kind of rival.

    Returns:
        The values by name.
    """
    return {
        "unit_kind": over.each[0].kind,
        "against": over.each[0].against,
        "difference": sum(over.differences) / len(over.each),
        "p_signed_rank": over.p_corrected,
        "num_kinds": over.num_kinds,
        "num_corrected": over.num_corrected,
        "data_sets": [
            {key: value for key, value in own._asdict().items() if key not in ("source", "settings")}
            | {"outcome": own.outcome}
            for own in over.each
        ],
        "summary": describe_over_data_sets(over),
    }


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "-"
    return f"{points_of(low):+.2f} to {points_of(high):+.2f}"
