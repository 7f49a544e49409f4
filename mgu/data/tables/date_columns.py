"""Columns of dates as inputs: days since 1970-01-01 in UTC, with fractions; cycles.py makes the other inputs of these.

pandas is imported only where there is a table.
"""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mgu.config.datasets import TableConfig
from mgu.data.tables.csv_file import MISSING_NUMBERS
from mgu.data.tables.dates import FORMS, read_moments
from mgu.data.tables.target import find_column
from mgu.errors import UserError
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd

MISSING_DATES = ("", "NaT", *MISSING_NUMBERS)


def with_days(frame: pd.DataFrame, config: TableConfig) -> pd.DataFrame:
    """Puts days in the place of dates.

    Args:
        frame: Rows as in the file.
        config: Names the columns of dates.

    Returns:
        The rows; each column of dates has numbers now, NaN where it was empty.

    Raises:
        UserError: A column is not there, or a cell of it is no date.
    """
    with_numbers = frame.copy() if config.dates else frame
    for name in config.dates:
        column = find_column(frame, name, "dates", config.path)
        days, is_wrong = read_days(column)
        if is_wrong.any():
            index = int(is_wrong.argmax())
            raise UserError(
                f"dataset.dates must name columns of dates written as {FORMS}, but {name!r} has "
                f"{printable(repr(str(column.iloc[index])))} in row {int(column.index[index]) + 1:,}. Correct it in "
                "the file, or leave the column out of dataset.dates."
            )
        with_numbers[name] = days
    return with_numbers


def read_days(column: pd.Series[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Reads dates as days since 1970-01-01 00:00 in UTC.

    Args:
        column: Cells as they are in a file or in memory.

    Returns:
        The days (N,), NaN where there is no date; and which cells (N,) are no dates and not missing, either.
    """
    moments = read_moments(column)
    is_missing = column.isna() | column.astype(str).str.strip().isin(MISSING_DATES)
    is_number = column.map(lambda cell: isinstance(cell, Number)).to_numpy(bool) & ~is_missing.to_numpy(bool)
    days = (moments - np.datetime64(0, "s")) / np.timedelta64(1, "D")
    days[is_number] = np.nan  # 2024 would be a year, and 19782.5 nothing
    return days, np.isnan(days) & ~is_missing.to_numpy(bool)
