"""Reading a CSV that lists the case, class and stage of each image."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mgu.errors import UserError, did_you_mean


def read_csv(file: Path, needs_stage: bool) -> Iterator[dict[str, Any]]:
    """Yields the fields of a `CaseFile` for every row.

    Raises UserError, naming the row, where a column or a value is missing, or an image is listed twice.
    """
    header, lines = _read(file)
    names = [name.strip().lower() for name in header]
    wanted = ["case", "image", "label", *["stage"] * needs_stage]
    for column in wanted:
        if column not in names:
            way_out = did_you_mean(column, names) or " Add it."
            if column == "stage":
                way_out = " Add it, or pass dataset.stages=null."
            raise UserError(f"{file} must have a column {column!r}, but has {', '.join(names)}.{way_out}")
    places = {column: names.index(column) for column in wanted}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        row = {column: line[place].strip() if place < len(line) else "" for column, place in places.items()}
        if empty := [column for column, value in row.items() if not value]:
            raise UserError(f"every row must have a {empty[0]}, but row {number} of {file} has none. Fill it in.")
        image = row["image"]
        if image in seen:
            raise UserError(
                f"every image must stand in one row, but {image} stands in rows {seen[image]} and {number} of {file}. "
                "Remove one."
            )
        seen[image] = number
        path = file.parent / Path(image).expanduser()
        yield {"label": row["label"], "case": row["case"], "name": image, "path": path, "stage": row.get("stage")}


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows, separated by whichever of comma, semicolon and tab the header has."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        separator = next((mark for mark in ";\t" if mark in first), ",")
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"dataset.path must be a CSV with a header, but {file} cannot be read as one ({error}). Correct the path."
        ) from None
    return (lines[0], lines[1:]) if lines else ([], [])
