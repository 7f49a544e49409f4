"""Reading a CSV or Parquet file that lists images, with columns of any names. Imports no torch.

pandas is imported only for Parquet.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mgu.data.image_files.csv_rows import locate, read_csv, select_columns
from mgu.data.image_files.names import ImageFile, readable
from mgu.data.own_images.columns import USUAL, find_columns
from mgu.data.own_images.folder import SPLITS
from mgu.data.tables.formats import find_format
from mgu.data.tables.parquet_file import read_parquet
from mgu.errors import UserError, how_to_install
from mgu.text.hydra_quoting import as_typed
from mgu.text.nearest import did_you_mean


class Table(NamedTuple):
    """Holds what a table lists.

    Attributes:
        files: The images; their group is empty where there is no such column.
        columns: The name of each column that is used, by what it says.
    """

    files: list[ImageFile]
    columns: dict[str, str]


def read_table(file: Path, names: Mapping[str, str | None], groups: str | None) -> Table:
    """Reads the images that a table lists.

    Args:
        file: The table.
        names: The configured names of its columns; None: usual ones.
        groups: `dataset.groups`, which may be the name of a column.

    Returns:
        The images and the columns that said what they are.

    Raises:
        UserError: The table cannot be read, or a column or value is missing.
    """
    header, lines = _read(file)
    columns = [name.strip() for name in header]
    wanted = {what: names.get(what) for what in USUAL}
    if groups:
        if wanted.pop("group"):
            raise UserError(
                f"one of dataset.groups and dataset.columns.group must be left out, but got both. Pass "
                f"dataset.groups={as_typed(groups)} alone."
            )
        wanted |= {"group": groups} if groups in columns else {}
    indices = find_columns(str(file), header, lines, wanted)
    if "split" in indices and not wanted["split"] and not _says_split(lines, indices["split"]):
        del indices["split"]
    files = [
        ImageFile(
            row["label"], row.get("group", ""), readable(row["image"]), locate(file, row["image"]),
            part=_part_of(row["split"], columns[indices["split"]]) if "split" in indices else None,
        )
        for row in select_columns(file, header, lines, indices)
    ]  # fmt: skip
    return Table(files, {what: columns[index] for what, index in indices.items()})


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows as text. Raises UserError."""
    try:
        is_parquet = find_format(file, str(file)) == "parquet"
    except OSError as error:
        raise UserError(
            f"dataset.path must be a file that can be read, but {file} is not ({error.strerror}). "
            "Change its permissions."
        ) from None
    if not is_parquet:
        return read_csv(file, len)
    try:
        frame = read_parquet(file)
    except ImportError:
        raise UserError(f"a Parquet file must have pyarrow to read it. {how_to_install('parquet')}") from None
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"dataset.path must be a Parquet file, but {file} cannot be read as one ({reason}).") from None
    texts = frame.astype(str).where(frame.notna(), "")
    return [str(column) for column in frame.columns], texts.to_numpy().tolist()


def _says_split(lines: list[list[str]], index: int) -> bool:
    """Returns whether a column that is called so has any word for a split; a typing error is left to `_part_of`."""
    return any(line[index].strip().lower() in SPLITS for line in lines if index < len(line))


def _part_of(value: str, column: str) -> str:
    """Returns the split that a value means. Raises UserError."""
    if value.lower() not in SPLITS:
        raise UserError(
            f"values of column {column!r} must be train, val or test, but one is {readable(value)}."
            f"{did_you_mean(value, SPLITS) or ' Correct it, or pass another dataset.columns.split.'}"
        )
    return SPLITS[value.lower()]
