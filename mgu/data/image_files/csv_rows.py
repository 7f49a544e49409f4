"""Reading a CSV that lists images: its separator, its rows, and the files that these name. Imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mgu.data.image_files.names import readable
from mgu.errors import UserError

Row = dict[str, str]


def read_csv(file: Path, count: Callable[[list[str]], int]) -> tuple[list[str], list[list[str]]]:
    """Reads a CSV as text. Quotes that are not closed are a fault: they would swallow the rows behind.

    Args:
        file: The CSV.
        count: Says how much speaks for a header; the separator is the first of comma, semicolon and tabulator for which
            most does.

    Returns:
        The header and the rows.

    Raises:
        UserError: It cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        separator = max(",;\t", key=lambda mark: _count_header(text, mark, count))
        lines = list(_parse(text, separator))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"dataset.path must be a CSV with a header, but {file} cannot be read as one ({error}). Correct it."
        ) from None
    return (lines[0], lines[1:]) if lines else ([], [])


def select_columns(
    file: Path, header: Sequence[str], lines: Sequence[Sequence[str]], indices: Mapping[str, int]
) -> Iterator[Row]:
    """Yields some columns of every row that is not blank.

    Args:
        file: The table, for messages.
        header: The names of its columns.
        lines: Its rows.
        indices: The number of each wanted column, by what it is here; one of them is "image".

    Yields:
        The values of a row by what they are.

    Raises:
        UserError: A row has too many fields or lacks a value, or an image is listed twice; the message names the row.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        if any(cell.strip() for cell in line[len(header) :]):
            raise UserError(
                f"every row must have {len(header)} fields, as the header has, but row {number} of {file} has "
                f"{len(line)}. Put a field that contains the separator between quotes."
            )
        row = {column: line[index].strip() if index < len(line) else "" for column, index in indices.items()}
        if empty := [column for column, value in row.items() if not value]:
            raise UserError(f"every row must have its {empty[0]}, but row {number} of {file} has none. Fill it in.")
        image = row["image"]
        if image in seen:
            raise UserError(
                f"every image must stand in one row, but {readable(image)} stands in rows {seen[image]} and {number} "
                f"of {file}. Remove one."
            )
        seen[image] = number
        yield row


def locate(table: Path, image: str) -> Path:
    """Returns the path of an image that a table lists.

    Args:
        table: The table.
        image: A path, absolute or relative to the table.

    Returns:
        The path; one of a home folder that does not exist stays as it is, and is missing.
    """
    try:
        return table.parent / Path(image).expanduser()
    except RuntimeError:
        return table.parent / image


def _parse(text: str, separator: str) -> Iterator[list[str]]:
    """Yields the fields of each row. Raises csv.Error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _count_header(text: str, separator: str, count: Callable[[list[str]], int]) -> int:
    """Returns how much speaks for the header if this is the separator."""
    try:
        return count(next(_parse(text, separator), []))
    except csv.Error:
        return 0
