"""Truth values of a CSV: pandas reads one from each of True, TRUE and true, in a column that has nothing else.

pandas is imported only where there is a table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.tables.csv_file import CHUNK_ROWS, csv_form
from mgu.data.tables.formats import find_format

if TYPE_CHECKING:
    import pandas as pd


def describe_truth_values(frame: pd.DataFrame, target: str, path: str, separator: str) -> tuple[str, ...]:
    """Returns a note that names spellings of a truth value which are one class; () where there are none.

    Args:
        frame: All columns of the table.
        target: Name of the column of classes.
        path: The file.
        separator: What stands between its cells.
    """
    known = frame[target].dropna()
    file = Path(path).expanduser()
    if not all(isinstance(value, bool) for value in known) or find_format(file, path) == "parquet":
        return ()
    spellings = _read_spellings(file, separator, [*frame.columns].index(target))
    alike = [sorted(text for text in spellings if text.lower() == value) for value in ("true", "false")]
    groups = "; ".join(" and ".join(map(repr, texts)) for texts in alike if len(texts) > 1)
    if not groups:
        return ()
    return (f"spellings of a truth value are learned as one class, for {target!r} has nothing else: {groups}",)


def _read_spellings(file: Path, separator: str, index: int) -> set[str]:
    """Returns the texts of a column."""
    import pandas as pd

    chunks: Any = pd.read_csv(file, chunksize=CHUNK_ROWS, dtype=str, usecols=[index], **csv_form(separator))
    return {text for chunk in chunks for text in chunk.iloc[:, 0].dropna().unique()}
