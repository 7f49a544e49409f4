"""Reading a CSV that lists the case, class and stage of each image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mgu.data.image_files.csv_rows import locate, read_csv, select_columns
from mgu.data.image_files.names import ImageFile, readable
from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

COLUMNS = ("case", "image", "label", "stage")


def read_manifest(file: Path, needs_stage: bool) -> Iterator[ImageFile]:
    """Yields the image of every row.

    Raises UserError, naming the row, where a column or a value is missing or there twice, or an image is listed twice.
    """
    header, lines = read_csv(file, lambda names: len({name.strip().lower() for name in names} & set(COLUMNS)))
    indices = _find_columns(file, header, COLUMNS if needs_stage else COLUMNS[:3])
    for row in select_columns(file, header, lines, indices):
        image = row["image"]
        yield ImageFile(row["label"], row["case"], readable(image), locate(file, image), row.get("stage"))


def _find_columns(file: Path, header: list[str], wanted: tuple[str, ...]) -> dict[str, int]:
    """Returns the number of each column. Raises UserError for one that is missing or there twice."""
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
            others = ", ".join(map(readable, names))[:200]
            raise UserError(f"{file} must have a column {column!r}, but has {others or 'none'}.{way_out}")
    return {column: names.index(column) for column in wanted}
