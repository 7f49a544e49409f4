"""Whole numbers beyond 2^53 beside missing cells, which pandas would round to floating-point numbers to leave gaps.

pandas is imported only where there is a table to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mgu.data.tables.close import LARGEST_EXACT
from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def leave_gaps(numbers: pd.Series[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    """Returns the numbers of some rows as a column of all, missing in the others.

    Args:
        numbers: The numbers, as pandas has parsed them.
        index: That of all rows.

    Returns:
        The column: floating-point numbers, but nullable integers where these could not hold each.
    """
    if numbers.dtype.kind in "iu" and (numbers.abs() > LARGEST_EXACT).any():
        return numbers.astype("Int64" if numbers.dtype.kind == "i" else "UInt64").reindex(index)
    return numbers.reindex(index).astype("float64")


def may_be_rounded(column: pd.Series[Any]) -> bool:
    """Returns whether whole numbers with gaps may have been rounded when they were read."""
    if column.dtype.kind != "f" or not column.hasnans:
        return False
    return bool((column.abs() >= LARGEST_EXACT).any()) and bool((column.dropna() % 1 == 0).all())


def without_gaps(column: pd.Series[Any]) -> pd.Series[Any]:
    """Returns a column that has no missing number any more as whole numbers, where all of them are; else as it is."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not is_numeric_dtype(column) or is_bool_dtype(column) or column.empty:
        return column
    if column.dtype.kind in "iu":
        return column.astype("int64" if column.dtype.kind == "i" else "uint64")
    is_whole = bool((column % 1 == 0).all()) and column.abs().max() < LARGEST_EXACT
    return column.astype("int64") if is_whole else column


def check_exact(column: pd.Series[Any], what: str) -> None:
    """Checks that values which stand for themselves, and not for an amount, are told apart.

    Args:
        column: Classes or groups.
        what: What they are called in the message.

    Raises:
        UserError: They are floating-point numbers so large that several whole numbers are one.
    """
    if column.dtype.kind != "f":
        return
    beyond = column[(column.abs() >= LARGEST_EXACT) & (column.abs() < float("inf"))]
    if len(beyond):
        raise UserError(
            f"{what} must be told apart, but {str(column.name)!r} has {float(beyond.iloc[0])!r} in row "
            f"{beyond.index[0] + 1:,}, beyond 2^53, where numbers with a decimal point, an exponent or over 19 digits "
            "are rounded. Write them as whole numbers of up to 19 digits, or put a letter before each."
        )
