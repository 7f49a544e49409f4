"""A column of a ranking table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mgu.report.ranking.row import Row

Value = str | int | float | None


class Column(NamedTuple):
    """Describes one column of a ranking table, for machines and for people.

    Attributes:
        key: Name of the column in CSV and JSON.
        title: Heading for people; empty for a column that only machines read.
        value: Function that returns the exact value of a row.
        text: Function that returns the rounded value of a row for people.
    """

    key: str
    title: str
    value: Callable[[Row], Value]
    text: Callable[[Row], str]


def or_dash(value: Value, form: str = "") -> str:
    """Returns the formatted value, or a dash for None."""
    return "-" if value is None else format(value, form)


def column_for_machines(key: str, value: Callable[[Row], Value]) -> Column:
    """Returns a column without a title, which people do not see."""
    return Column(key, "", value, lambda row: "")
