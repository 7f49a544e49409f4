"""Tables of new rows, as text: CSV files also if packed, standard input, Parquet; rows that are torn are named."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from mgu.data.tables.target import diagnose_data, find_separator
from mgu.errors import UserError, how_to_install
from mgu.text.nearest import did_you_mean
from mgu.text.printable import printable

AT_ONCE = 10_000  # rows that are in memory at once
PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
STANDARD_INPUT = "-"


class Cells(NamedTuple):
    """Holds some rows of a table.

    Attributes:
        rows: The number of each row, from 1 below the header.
        columns: The cells of each wanted column by its name; text from a CSV file.
        faults: One line for each row that is torn, and for what ends the table.
    """

    rows: list[int]
    columns: dict[str, list[Any]]
    faults: list[str]


def read_table_file(
    path: str | Path, wanted: Sequence[str], optional: Sequence[str], separator: str
) -> Iterator[Cells]:
    """Reads the rows of a file by some at once.

    Args:
        path: A CSV file with a header, a Parquet file, or - for a CSV on standard input.
        wanted: Columns that must be there.
        optional: Columns that are read where they are there.
        separator: Character between the columns of a CSV file.

    Yields:
        The rows; where a column is missing, no row is there, or the file cannot be read, a fault and no rows.
    """
    try:
        is_empty = True
        for cells in _read(path, wanted, optional, separator):
            is_empty = is_empty and not (cells.rows or cells.faults)
            yield cells
        if is_empty:
            yield Cells([], {}, [f"{path} has no rows to predict"])
    except UserError as error:
        yield Cells([], {}, [f"{path} {error}"])
    except UnicodeDecodeError:
        yield Cells([], {}, [f"{path} must be in UTF-8, but is not; save it as UTF-8"])
    except (OSError, ValueError, EOFError, lzma.LZMAError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        yield Cells([], {}, [f"{path} cannot be read ({printable(reason.splitlines()[0]).rstrip('.')})"])


def _read(path: str | Path, wanted: Sequence[str], optional: Sequence[str], separator: str) -> Iterator[Cells]:
    """Yields the rows of a file. Raises UserError, or whatever reading it raises."""
    if Path(path).suffix in (".parquet", ".parq", ".pq"):
        yield select_columns(_read_parquet(path), wanted, optional)
    else:
        yield from _read_csv(path, wanted, optional, separator)


def select_columns(table: Any, wanted: Sequence[str], optional: Sequence[str]) -> Cells:
    """Returns the cells of a table in memory.

    Args:
        table: A DataFrame, or a dict of columns, or of single cells, which are one row. Names that are no text, such as
            numbers, are taken as it.
        wanted: Columns that must be there.
        optional: Columns that are taken where they are there.

    Raises:
        UserError: A column is missing, or columns do not go together; the message continues a sentence that begins
            with the table's name.
    """
    names: dict[str, list[Any]] = {}
    for name in dict.fromkeys(getattr(table, "columns", table)):
        names.setdefault(str(name), []).append(name)
    _check_header([*names], wanted, "")
    chosen = {name: names[name] for name in (*wanted, *optional) if name in names}
    if alike := next((same for same in chosen.values() if len(same) > 1), None):
        shown = " and ".join(printable(repr(name)) for name in alike)
        raise UserError(f"must have columns whose names differ as text, but has {shown}. Drop or rename others.")
    given = {text: table[same[0]] for text, same in chosen.items()}
    for name, column in given.items():
        if hasattr(column, "columns"):  # what a DataFrame returns for a name that several of its columns have
            raise _repeated(name, len(column.columns))
    cells = [name for name, column in given.items() if _is_cell(column)]
    if cells and len(cells) < len(given):
        column = next(name for name in given if name not in cells)
        shown = printable(repr(given[cells[0]]))
        raise UserError(
            f"must be of columns, or of single cells as one row, but {printable(repr(column))} is a column and "
            f"{printable(repr(cells[0]))} the cell {shown}. Write cells of one row as lists, such as [{shown}], or "
            "give every column one cell."
        )
    columns = {name: _cells_of(column) for name, column in given.items()}
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        raise UserError(f"must have columns of one length, but they have {sorted(lengths)} cells")
    return Cells(list(range(1, max(lengths, default=0) + 1)), columns, [])


def _repeated(name: str, times: int) -> UserError:
    return UserError(f"must have column {printable(repr(name))} once, but has it {times} times. Drop or rename others.")


def _is_cell(value: Any) -> bool:
    """Tells a single cell, such as a number or a text, from a column of them."""
    return isinstance(value, str | bytes) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0


def _cells_of(column: Any) -> list[Any]:
    """Returns the cells of a column, or a single one; pandas' to_dict() gives them by the numbers of their rows."""
    if _is_cell(column):
        is_moment = getattr(getattr(column, "dtype", None), "kind", "") == "M"  # its item may be nanoseconds
        return [column.item() if getattr(column, "ndim", 1) == 0 and not is_moment else column]  # of numpy and torch
    return list(column.values() if isinstance(column, Mapping) else column)


def _check_header(header: Sequence[str], wanted: Sequence[str], separator: str) -> None:
    """Raises UserError where columns are missing. `separator`: that of a file; of a table in memory there is none."""
    missing = [name for name in wanted if name not in header]
    if not missing:
        return
    some = ", ".join(map(repr, missing[:10])) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
    hint = did_you_mean(missing[0], [name for name in header if name not in wanted])
    if separator and len(missing) == len(wanted):
        hint = diagnose_data(header) or hint
    if separator and (other := find_separator(header, missing[0])):
        hint = f" Its columns are separated by {other!r}, and those of training by {separator!r}: save it so."
    raise UserError(f"must have the columns of training, but lacks {printable(some)}.{hint}")


def _read_parquet(path: str | Path) -> Any:
    try:
        import pandas as pd

        from mgu.data.tables.parquet_file import read_parquet

        frame = read_parquet(Path(path).expanduser())
        assert isinstance(frame, pd.DataFrame)
        return frame
    except ImportError:
        raise UserError(f"needs pyarrow to be read. {how_to_install('parquet')}") from None


def _read_csv(path: str | Path, wanted: Sequence[str], optional: Sequence[str], separator: str) -> Iterator[Cells]:
    """Yields the rows of a CSV file in portions; a row with too few or too many fields is a fault of its portion."""
    with _open(path) as file:
        rows = enumerate(row for row in csv.reader(file, delimiter=separator) if len(row) > 1 or "".join(row).strip())
        header = next((row for _, row in rows), None)
        if header is None:
            raise UserError("is empty, and must have a line with the names of the columns")
        _check_header(header, wanted, separator)
        if twice := next((name for name in (*wanted, *optional) if header.count(name) > 1), None):
            raise _repeated(twice, header.count(twice))
        indices = {name: header.index(name) for name in (*wanted, *optional) if name in header}
        numbers: list[int] = []
        columns: dict[str, list[Any]] = {name: [] for name in indices}
        faults: list[str] = []
        for number, row in rows:
            if len(row) != len(header):
                faults.append(f"{path} row {number} has {len(row)} fields, and the header {len(header)}")
                continue
            numbers.append(number)
            for name, index in indices.items():
                columns[name].append(row[index])
            if len(numbers) == AT_ONCE:
                yield Cells(numbers, columns, faults)
                numbers, columns, faults = [], {name: [] for name in indices}, []
        yield Cells(numbers, columns, faults)


@contextmanager
def _open(path: str | Path) -> Iterator[TextIO]:
    if str(path) == STANDARD_INPUT:
        yield sys.stdin
        return
    file = Path(path).expanduser()
    with PACKED.get(file.suffix, open)(file, "rt", encoding="utf-8-sig", newline="") as opened:
        yield opened
