"""Dates as moments in UTC, however a file writes them.

numpy and pandas are imported only where there is a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

FORMS = "2024-02-29 or 2024-02-29 17:45"  # how messages say that dates are written
BEGINNING = r"[-+]?\d"  # pandas takes the words now and today for dates, too: other ones every time they are read


def read_moments(column: pd.Series[Any]) -> NDArray[np.datetime64]:
    """Reads a column of dates.

    Args:
        column: Moments, or texts as ISO 8601 has them; those without a zone are in UTC.

    Returns:
        The moments in UTC (N,), in the unit that pandas gives them, for nanoseconds end in 2262; NaT for no date.
    """
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype

    dates = column
    if not is_datetime64_any_dtype(column):
        texts = column.astype(str).str.strip()
        texts = texts.where(texts.str.match(BEGINNING))
        dates = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    moments: NDArray[np.datetime64] = dates.to_numpy()
    return moments


def can_be_read(column: pd.Series[Any]) -> bool:
    """Returns whether all cells of a column that are not missing are dates."""
    import numpy as np

    return not np.isnat(read_moments(column.dropna())).any()


def write_date(days: float) -> str:
    """Writes a date without its time of day.

    Args:
        days: Since 1970-01-01.

    Returns:
        The date, as 2024-02-29.
    """
    import numpy as np

    return str(np.datetime64(int(days // 1), "D"))
