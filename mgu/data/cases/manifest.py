"""Reading a CSV that lists the case, class and stage of each image."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from mgu.data.cases.names import CaseFile, readable
from mgu.errors import UserError, did_you_mean

COLUMNS = ("case", "image", "label", "stage")


def read_csv(file: Path, needs_stage: bool) -> Iterator[CaseFile]:
    """Yields the image of every row.

    Raises UserError, naming the row, where a column or a value is missing or there twice, or an image is listed twice.
    """
    header, lines = _read(file)
    places = _find_columns(file, header, COLUMNS if needs_stage else COLUMNS[:3])
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        if any(cell.strip() for cell in line[len(header) :]):
            raise UserError(
                f"every row must have {len(header)} fields, as the header has, but row {number} of {file} has "
                f"{len(line)}. Put a field that contains the separator between quotes."
            )
        row = {column: line[place].strip() if place < len(line) else "" for column, place in places.items()}
        if empty := [column for column, value in row.items() if not value]:
            raise UserError(f"every row must have a {empty[0]}, but row {number} of {file} has none. Fill it in.")
        image = row["image"]
        if image in seen:
            raise UserError(
                f"every image must stand in one row, but {readable(image)} stands in rows {seen[image]} and {number} "
                f"of {file}. Remove one."
            )
        seen[image] = number
        yield CaseFile(row["label"], row["case"], readable(image), _place(file, image), row.get("stage"))


def _find_columns(file: Path, header: list[str], wanted: tuple[str, ...]) -> dict[str, int]:
    """Returns the place of each column. Raises UserError for one that is missing or there twice."""
    names = [name.strip().lower() for name in header]
    for column in wanted:
        if names.count(column) > 1:
            raise UserError(
                f"{file} must have one column {column!r}, but has {names.count(column)}. Rename or remove the others."
            )
        if column not in names:
            way_out = did_you_mean(column, names) or " Add it."
            if column == "stage":
                way_out = " Add it, or pass dataset.stages=null."
            found = ", ".join(map(readable, names))[:200]
            raise UserError(f"{file} must have a column {column!r}, but has {found or 'none'}.{way_out}")
    return {column: names.index(column) for column in wanted}


def _place(file: Path, image: str) -> Path:
    """Returns the path of an image; one of a home folder that does not exist stays as it is, and is missing."""
    try:
        return file.parent / Path(image).expanduser()
    except RuntimeError:
        return file.parent / image


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows. Quotes that are not closed are a fault: they would swallow the rows behind."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        separator = max(",;\t", key=lambda mark: _count_columns(text, mark))  # the first of those that find most
        lines = list(_parse(text, separator))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"dataset.path must be a CSV with a header, but {file} cannot be read as one ({error}). Correct it."
        ) from None
    return (lines[0], lines[1:]) if lines else ([], [])


def _parse(text: str, separator: str) -> Iterator[list[str]]:
    """Yields the fields of each row. Raises csv.Error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _count_columns(text: str, separator: str) -> int:
    """Returns how many of the columns the header has if this is the separator."""
    try:
        header = next(_parse(text, separator), [])
    except csv.Error:
        return 0
    return len({name.strip().lower() for name in header} & set(COLUMNS))
