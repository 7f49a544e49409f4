"""Which columns of a table say where an image is, its class, its group and its split. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from mgu.data.image_files.names import readable
from mgu.data.image_files.walk import SUFFIXES
from mgu.errors import UserError
from mgu.text.hydra_quoting import as_typed
from mgu.text.nearest import did_you_mean

# Names that a column has where none is configured.
USUAL = {
    "image": ("image", "image_path", "img", "img_path", "file", "filename", "file_name", "file_path", "filepath",
              "path"),
    "label": ("label", "labels", "class", "class_name", "category", "target", "y"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id", "case", "case_id", "scene"),
    "split": ("split", "subset", "partition", "set"),
}  # fmt: skip
REQUIRED = ("image", "label")
SHOWN = 12  # columns that a message names


def find_columns(
    table: str, header: Sequence[str], lines: Sequence[Sequence[str]], names: Mapping[str, str | None]
) -> dict[str, int]:
    """Finds the columns that a table of images needs.

    Args:
        table: The path of the table, for messages.
        header: The names of its columns.
        lines: Its rows.
        names: The configured name of each column that is looked for, by what it says; None: a usual one.

    Returns:
        The number of each column by what it says; without "group" and "split" where there is none.

    Raises:
        UserError: A column is missing, or it is not clear which one it is; the message lists the columns.
    """
    columns = [name.strip() for name in header]
    indices: dict[str, int] = {}
    for what, name in names.items():
        usual = USUAL[what]
        matches = [
            index for index, column in enumerate(columns) if (column == name if name else column.lower() in usual)
        ]
        if name and len(matches) != 1:
            hint = did_you_mean(name, columns) or " Pass one of them."
            raise UserError(
                f"dataset.columns.{what} must be one column of {table}, but got {name!r}, and its columns are "
                f"{_join(columns)}.{hint}"
            )
        if len(matches) > 1:
            raise UserError(
                f"{table} must have one column of the {what}, but several may be it: "
                f"{_join([columns[index] for index in matches])}. Pass {_advise(what, columns[matches[0]])}."
            )
        if not matches and what in REQUIRED:
            guess = _guess(what, columns, lines, set(indices.values()))
            raise UserError(
                f"{table} must have a column of the {what}, but its columns are {_join(columns)}. "
                f"Pass {_advise(what, guess)}."
            )
        if matches:
            indices[what] = matches[0]
    return indices


def _guess(what: str, columns: Sequence[str], lines: Sequence[Sequence[str]], taken: set[int]) -> str:
    """Returns the name of a column that may be meant: one of names of images, or the one of the fewest values."""
    values = {
        index: {line[index].strip() for line in lines if index < len(line)}
        for index in range(len(columns))
        if index not in taken and columns[index]
    }
    if what == "image":
        values = {
            index: cells
            for index, cells in values.items()
            if any(os.path.splitext(cell)[1].lower() in SUFFIXES for cell in cells)
        } or values
        return next((columns[index] for index in values), "COLUMN")
    several = {index: cells for index, cells in values.items() if len(cells) > 1} or values
    return columns[min(several, key=lambda index: len(several[index]))] if several else "COLUMN"


def _advise(what: str, column: str) -> str:
    return f"dataset.columns.{what}={as_typed(column)}"


def _join(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    return (", ".join(map(readable, columns[:SHOWN])) + more) or "none"
