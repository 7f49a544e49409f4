"""Reading a Parquet file: its index, and its types as numbers and categories.

pandas and pyarrow are imported only where there is a table to read.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.tables.whole import may_be_rounded

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(file: Path) -> pd.DataFrame:
    """Reads a Parquet file; an index with a name is a column, and one without is left out.

    Args:
        file: The file.

    Returns:
        The table, the index first.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: The file is damaged; the message says what pandas made of it.
    """
    import pandas as pd

    try:
        frame = pd.read_parquet(file, engine="pyarrow")
        _restore_digits(frame, file)
    except ImportError:
        raise
    except Exception as error:  # whatever pandas makes of damaged metadata
        raise ValueError(str(error) or type(error).__name__) from None
    named = [level for level in frame.index.names if level is not None]
    content = [pd.Series(frame.index.get_level_values(str(level)), name=level) for level in named]
    frame = frame.reset_index(drop=True)
    return pd.concat([*content, *(_as_plain(frame.iloc[:, number]) for number in range(frame.shape[1]))], axis=1)


def _restore_digits(frame: pd.DataFrame, file: Path) -> None:
    """Reads columns of whole numbers beyond 2^53 again where some are missing: pandas has rounded them."""
    import pandas as pd
    from pyarrow import parquet, types  # type: ignore[import-untyped]  # it has no types

    names = [name for name in frame.columns if not frame.columns.duplicated().any() and may_be_rounded(frame[name])]
    kinds = parquet.read_schema(file) if names else None
    for name in names:
        if kinds is not None and types.is_integer(kinds.field(name).type):
            whole = parquet.read_table(file, columns=[name]).column(name).to_pylist()
            is_unsigned = types.is_unsigned_integer(kinds.field(name).type)
            frame[name] = pd.Series(whole, index=frame.index, dtype="UInt64" if is_unsigned else "Int64")


def _as_plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """Makes numbers of decimals and of durations (in seconds); returns any other column as it is."""
    from pandas.api.types import is_timedelta64_dtype

    if is_timedelta64_dtype(column):
        seconds: pd.Series[Any] = column.dt.total_seconds()
        return seconds
    if str(column.dtype) == "float16":
        return column.astype("float32")
    known = column.dropna() if column.dtype == object else column[:0]
    is_number = not known.empty and all(
        isinstance(value, Decimal | int | float) and not isinstance(value, bool) for value in known
    )
    return column.astype("float64") if is_number else column
