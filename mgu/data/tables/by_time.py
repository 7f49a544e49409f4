"""A split by time: the last rows of a table test, the last of the others validate, and the first train.

Rows of one time are in one part, so the parts have the wanted sizes as nearly as whole times allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mgu.config.datasets import TableConfig
from mgu.data.tables.dates import FORMS, read_moments
from mgu.data.tables.target import find_complete_column
from mgu.errors import UserError
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd

Times = NDArray[Any]  # of numbers, or of nanoseconds


def check_time(frame: pd.DataFrame, config: TableConfig) -> None:
    """Checks the column that rows are ordered by, if there is one.

    Args:
        frame: Rows with a target.
        config: Names the column.

    Raises:
        UserError: It is not there, is the target, lacks values, is neither numbers nor dates, or has too few times.
    """
    if config.time is None:
        return
    column = find_complete_column(frame, config.time, "time", config, "says when a row was known")
    if (count := len(np.unique(_times(column)))) < 3:
        raise UserError(
            f"dataset.time must have at least 3 different values, to train, to validate and to test, but "
            f"{config.time!r} has {count}. Name another column."
        )


def split_by_time(frame: pd.DataFrame, config: TableConfig) -> dict[str, pd.DataFrame]:
    """Splits rows by the time that they have.

    Args:
        frame: Rows that `check_time` has checked.
        config: Names the column, and the share of test rows.

    Returns:
        Rows in the order of the file by their use: train, val and test.
    """
    assert config.time is not None
    times = _times(frame[config.time])
    order = times.argsort(kind="stable")
    starts = np.flatnonzero(np.diff(times[order])) + 1  # where in this order another time begins
    test = _nearest(starts[1:], len(frame) - max(int(len(frame) * config.test_share), 1))
    val = _nearest(starts[starts < test], test - max(test // 10, 1))
    index = {"train": order[:val], "val": order[val:test], "test": order[test:]}
    return {part: frame.iloc[np.sort(rows)] for part, rows in index.items()}


def describe_times(parts: dict[str, pd.DataFrame], column: str) -> str:
    """Says in one line which times train, validate and test.

    Args:
        parts: Rows by their use.
        column: Name of the column of times.

    Returns:
        The numbers of rows with their first and last time.
    """
    told = {"train": "train", "val": "validate", "test": "test"}
    spans = []
    for part, verb in told.items():
        order = _times(parts[part][column]).argsort(kind="stable")
        first, last = (printable(str(parts[part][column].iloc[k])) for k in (order[0], order[-1]))
        spans.append(f"{len(parts[part]):,} rows {verb} ({first} to {last})")
    return f"by {printable(column)!r}, in time: {', '.join(spans[:-1])} and {spans[-1]}"


def _nearest(starts: NDArray[np.int64], wanted: int) -> int:
    """Returns the start that is nearest to the wanted one, of two the later."""
    return int(starts[::-1][np.abs(starts[::-1] - wanted).argmin()])


def _times(column: pd.Series[Any]) -> Times:
    """Returns a column as numbers in the order of time (N,). Raises UserError where it is neither numbers nor dates."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column) and not is_bool_dtype(column):
        numbers: Times = column.to_numpy(dtype=column.dtype.name.lower())
        if np.isfinite(numbers).all():
            return numbers
        raise _no_times(column, int(np.isinf(numbers).argmax()))
    moments = read_moments(column)
    if np.isnat(moments).any():
        raise _no_times(column, int(np.isnat(moments).argmax()))
    return moments.astype(np.int64)


def _no_times(column: pd.Series[Any], index: int) -> UserError:
    value, row = str(column.iloc[index]), int(column.index[index]) + 1
    return UserError(
        f"dataset.time must be a column of finite numbers, or of dates written as {FORMS}, but "
        f"{str(column.name)!r} has {value!r} in row {row:,}. Correct it in the file, or name another column."
    )
