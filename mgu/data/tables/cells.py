"""Cells of rows as they stand in the user's file, before anything has been parsed: what `predict` and exports read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.config.datasets import AdultConfig, TableConfig
from mgu.data.tables.csv_file import CHUNK_ROWS, csv_form
from mgu.data.tables.formats import find_format

if TYPE_CHECKING:
    import pandas as pd

ADULT_MISSING = "?"


def read_cells(config: AdultConfig | TableConfig, rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Reads the cells of some rows.

    Args:
        config: Of the table.
        rows: The rows as they were parsed, by the index that they have in the whole file.

    Returns:
        The cells of each column by its name: of a CSV as text, of Parquet in the types that it has.
    """
    if isinstance(config, AdultConfig):
        words = {name: column.dtype.kind not in "iuf" for name, column in rows.items()}
        return {str(name): _restore_missing(rows[name], words[name]) for name in rows}
    file = Path(config.path).expanduser()
    if find_format(file, config.path) == "parquet":
        return {str(name): column.tolist() for name, column in rows.items()}
    return _read_texts(file, config.separator, rows)


def _restore_missing(column: pd.Series[Any], are_words: bool) -> list[Any]:
    """Returns the cells of a column of Adult, whose files write a missing word as a question mark."""
    return column.astype(object).where(column.notna(), ADULT_MISSING).tolist() if are_words else column.tolist()


def _read_texts(file: Path, separator: str, rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Reads the cells of rows of a CSV again, as texts."""
    import pandas as pd

    form = csv_form(separator) | {"dtype": str, "na_filter": False}
    names = pd.read_csv(file, header=None, nrows=1, **form).iloc[0].tolist()
    columns = [names.index(name) for name in rows.columns]
    chunks: Any = pd.read_csv(file, chunksize=CHUNK_ROWS, header=0, names=range(len(names)), usecols=columns, **form)
    texts = pd.concat([chunk[chunk.index.isin(rows.index)] for chunk in chunks]).loc[rows.index]
    return {str(name): texts[column].tolist() for name, column in zip(rows.columns, columns, strict=True)}
