"""Reading a CSV: names as they stand there, missing values, and codes whose leading zeros matter.

pandas is imported only where there is a table to read.
"""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.tables.target import diagnose_header
from mgu.data.tables.whole import leave_gaps, may_be_rounded
from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

# Missing values in a column of numbers, as an empty or blank field is anywhere; among other words they are words.
MISSING_NUMBERS = (
    "NA", "N/A", "n/a", "N.A.", "n.a.", "#N/A", "NaN", "nan", "NAN", "NULL", "null", "None", "<NA>",
    "?", "-", "--", ".",
)  # fmt: skip
WHOLE = r"[-+]?\d+"
CODE = r"\s*[-+]?0\d+\s*"
CHUNK_ROWS = 100_000
SWAPPED = str.maketrans(",.", ".,")


def read_csv(file: Path, separator: str, decimal: str = ".") -> pd.DataFrame:
    """Reads a CSV with the column names as they are.

    Args:
        file: The file.
        separator: What stands between its cells.
        decimal: The decimal mark of its numbers.

    Returns:
        The table.

    Raises:
        UserError: A row is cut short, or has more fields than the header; pandas raises others.
    """
    import pandas as pd

    form = csv_form(separator)
    _check_widths(file, separator)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # it would cut rows that are too long
        # The names as they stand there: pandas renames one that comes twice.
        names = pd.read_csv(file, header=None, nrows=1, dtype=str, **form).iloc[0].fillna("")
        try:
            frame: pd.DataFrame = pd.read_csv(file, low_memory=False, decimal=decimal, **form)
        except pd.errors.ParserWarning:
            hint = diagnose_header([str(name) for name in names])
            raise UserError(
                f"every row must have as many fields as the header, but rows of {file} have more than its {len(names)}."
                + (hint or " Put a field that contains the separator between quotes.")
            ) from None
        frame.columns = pd.RangeIndex(frame.shape[1])
        if len(frame):
            frame = frame.apply(_with_gaps, decimal=decimal)
            _restore_digits(frame, file, form)
            _restore_codes(frame, file, form)
    frame.columns = pd.Index(names)
    return frame


def csv_form(separator: str) -> dict[str, Any]:
    """Returns how pandas is to read any CSV."""
    return {
        "sep": separator,
        "encoding": "utf-8-sig",
        "index_col": False,
        "keep_default_na": False,
        "na_values": [""],
    }


def _check_widths(file: Path, separator: str) -> None:
    """Raises UserError for rows with fewer fields than the header, which pandas fills up without a word."""
    from pandas.io.common import get_handle  # type: ignore[import-not-found]  # unpacks as read_csv does

    with get_handle(file, "r", encoding="utf-8-sig", compression="infer") as opened:
        text: Any = opened.handle
        rows = csv.reader(text, delimiter=separator)
        try:
            filled = (row for row in rows if len(row) > 1 or "".join(row).strip())  # pandas skips blank lines, too
            width = len(next(filled, []))
            short = [(rows.line_num, len(row)) for row in filled if len(row) < width]
        except csv.Error:  # such as a field that is too long for this reader
            return
    if short:
        line, fields = short[0]
        more = f", and {len(short) - 1:,} more are too short" if len(short) > 1 else ""
        raise UserError(
            f"every row must have {width} fields, as the header has, but line {line:,} of {file} has {fields}{more}. "
            "Fill it in: a missing value is an empty field between separators."
        )


def with_points(cells: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Writes texts of numbers with a decimal point.

    Args:
        cells: Cells of a column; whatever is no text stays as it is.
        decimal: The decimal mark that they have.

    Returns:
        The cells. A point where the mark is a comma becomes a comma: 1.234 is no number then, and not 1.234.
    """
    return cells if decimal == "." else cells.map(lambda cell: swap_marks(cell) if isinstance(cell, str) else cell)


def swap_marks(text: str) -> str:
    """Writes points for commas, and commas for points.

    Args:
        text: A number with a decimal comma.

    Returns:
        The same with a decimal point; not a number where the text has a point.
    """
    return text.translate(SWAPPED)


def _with_gaps(column: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Takes blank fields for missing, and makes numbers of a column of numbers and words for missing values."""
    import pandas as pd

    if not pd.api.types.is_string_dtype(column) and column.dtype != object:
        return column
    column = column.mask(column.astype(str).str.strip() == "")
    rest = column[column.notna() & ~column.astype(str).str.strip().isin(MISSING_NUMBERS)]
    numbers = pd.to_numeric(with_points(rest, decimal), errors="coerce")
    is_bool = rest.map(lambda value: isinstance(value, bool)).any()
    return column if rest.empty or numbers.isna().any() or is_bool else leave_gaps(numbers, column.index)


def _restore_digits(frame: pd.DataFrame, file: Path, form: dict[str, Any]) -> None:
    """Reads columns of whole numbers beyond 2^53 again as text where some are missing: pandas has rounded them."""
    import pandas as pd

    rounded: list[Any] = [number for number in frame.columns if may_be_rounded(frame[number])]
    texts = pd.read_csv(file, dtype=str, usecols=rounded, **form) if rounded else frame[[]]
    for position, number in enumerate(rounded):
        text = texts.iloc[:, position].str.strip()
        known = text[frame[number].notna()]
        if known.str.fullmatch(WHOLE).all():
            frame[number] = leave_gaps(pd.to_numeric(known), frame.index)


def _restore_codes(frame: pd.DataFrame, file: Path, form: dict[str, Any]) -> None:
    """Reads columns of whole numbers again as text where one has leading zeros: as numbers, 01 and 1 would be one."""
    import pandas as pd

    whole: list[Any] = [number for number in frame.columns if _is_whole(frame[number])]
    codes: set[Any] = set()
    chunks: Any = pd.read_csv(file, chunksize=CHUNK_ROWS, dtype=str, usecols=whole, **form) if whole else []
    for chunk in chunks:
        chunk.columns = whole
        codes.update(number for number in whole if chunk[number].str.fullmatch(CODE, na=False).any())
    if codes:
        texts: pd.DataFrame = pd.read_csv(file, dtype=str, usecols=sorted(codes), **form)
        for position, number in enumerate(sorted(codes)):
            text = texts.iloc[:, position].str.strip()
            frame[number] = text.mask(text == "")


def _is_whole(column: pd.Series[Any]) -> bool:
    """Returns whether a column has whole numbers, apart from missing ones."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column) and bool((column.dropna() % 1 == 0).all())
