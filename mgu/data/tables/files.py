"""A user's CSV or Parquet file: finding it, and resolving what its configuration leaves open. Imports no torch.

pandas is imported only where there is a table to read.
"""

from __future__ import annotations

import lzma
import os
import tarfile
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.digest import digest_file
from mgu.data.tables.advice import advise_separator, advise_text, join_some
from mgu.data.tables.csv_file import read_csv
from mgu.data.tables.formats import find_format
from mgu.data.tables.parquet_file import read_parquet
from mgu.data.tables.target import check_target, diagnose_header, infer_task, select_known
from mgu.errors import UserError, how_to_install
from mgu.text.agree import agree
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS = 20
TORN = (EOFError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error)  # raised by unpacking


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/table.yaml with an absolute path, `sha256`, and the task "auto" stands for.

    Values may be as a shell left them. Raises UserError where no file or target is named, for an impossible separator
    or list of columns, and for a table that cannot be learned from; the schema checks the values of other keys.
    """
    resolved = dataset | {key: str(value) for key, value in _resolve_names(dataset).items()}
    resolved["separator"] = resolve_separator(dataset.get("separator"))
    resolved["decimal"] = resolve_decimal(dataset)
    resolved["drop"] = _resolve_columns("drop", dataset.get("drop"))
    if "dates" in dataset:  # not in earlier versions
        resolved["dates"] = _resolve_columns("dates", dataset["dates"])
    resolved["sha256"] = dataset.get("sha256") or digest(resolved["path"])
    resolved["path"] = absolute(resolved["path"])
    if dataset.get("task") == "auto":
        path, target = resolved["path"], resolved["target"]
        frame = read_table(path, resolved["separator"], resolved["sha256"], resolved["decimal"])
        known = select_known(frame, target, str(dataset.get("missing_target")), path)
        resolved["task"] = infer_task(check_target(known[target], path))
    return resolved


def _resolve_names(dataset: dict[str, Any]) -> dict[str, str | int]:
    """Returns path and target; a column may be called 1. Raises UserError that names both where both are missing."""
    examples = {"path": "FILE", "target": "COLUMN"}
    what = {"path": "a CSV or Parquet file", "target": "the column to be predicted"}
    if missing := [key for key in examples if dataset.get(key) in (None, "")]:
        must = " and ".join(f"dataset.{key} must be {what[key]}" for key in missing)
        are = agree(len(missing), "is", "are")
        advice = " ".join(f"dataset.{key}={examples[key]}" for key in missing)
        raise UserError(f"{must}, but {are} not set. Pass {advice}.")
    for key in examples:
        value = dataset[key]
        if isinstance(value, bool | float):
            quoted = advise_text(f"dataset.{key}", _as_typed(value))
            raise UserError(f"dataset.{key} must be {what[key]}, but got {value}. If that is its name, pass {quoted}.")
        if not isinstance(value, str | int):
            raise UserError(f"dataset.{key} must be {what[key]}, but got {value}. Pass one name.")
    return {key: dataset[key] for key in examples}


def absolute(path: str) -> str:
    """Makes a path absolute, by which the run finds its data from whatever folder it is used.

    Args:
        path: As a user typed it.

    Returns:
        The absolute path.
    """
    return os.path.abspath(os.path.expanduser(path))


def resolve_separator(value: Any) -> str:
    """Returns the character between columns.

    Args:
        value: The value of `dataset.separator`, which no schema has checked; "tab" is understood.

    Returns:
        One character.

    Raises:
        UserError: It is not one character, or one that ends a row or a text.
    """
    separator = {"\\t": "\t", "tab": "\t"}.get(value, value) if isinstance(value, str) else value
    if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n':
        raise UserError(
            f"dataset.separator must be one character, but got {value!r}. Pass {advise_separator(';')} with its "
            "quotes, or dataset.separator=tab."
        )
    return separator


def resolve_decimal(dataset: dict[str, Any]) -> str:
    """Returns the decimal mark of numbers.

    Args:
        dataset: The values of the data set's configuration, which no schema has checked; without `decimal` in earlier
            versions.

    Returns:
        "." or ",".

    Raises:
        UserError: It is neither.
    """
    decimal = dataset.get("decimal", ".")
    if decimal not in (".", ","):
        advice = advise_text("dataset.decimal", ",")
        raise UserError(
            f"dataset.decimal must be a point or a comma, but got {decimal!r}. Pass {advice} with its quotes, or leave "
            "it out."
        )
    return str(decimal)


def _resolve_columns(key: str, value: Any) -> list[str]:
    """Returns names of columns. Raises UserError."""
    if not isinstance(value, list):
        raise UserError(f"dataset.{key} must be a list of columns, but got {value!r}. Pass dataset.{key}=[...].")
    return [_as_typed(name) for name in value]  # columns may be called 1, nan or null


def _as_typed(value: Any) -> str:
    """Returns a value of the command line as it is written there."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def digest(path: str) -> str:
    """Returns the file's SHA-256. Raises UserError where it cannot be read."""
    file = Path(path).expanduser()
    try:
        if file.exists() and not file.is_file():
            kind = "is a folder" if file.is_dir() else "is none"
            raise UserError(f"dataset.path must be a file, but {path} {kind}. Name the file itself.")
        return digest_file(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"dataset.path must be a file that can be read, but {path!s} is not ({reason}). Correct the path."
        ) from None


@lru_cache(maxsize=1)  # every run of a sweep is resolved
def read_table(path: str, separator: str, sha256: str, decimal: str = ".") -> pd.DataFrame:
    """Reads all rows and columns of a file; the last table is kept in memory.

    Args:
        path: The file.
        separator: What stands between its cells.
        sha256: Its checksum when the run was set up.
        decimal: The decimal mark of its numbers.

    Returns:
        The table, with names of columns as text.

    Raises:
        UserError: The file is no table, has too few rows, has changed, or has columns without a name or with the same
            one.
    """
    import pandas as pd

    if digest(path) != sha256:
        raise UserError(f"dataset.path must be the file that the run began with, but {path} has changed. Start anew.")
    frame = _read(Path(path).expanduser(), path, separator, decimal)
    names = [str(column) for column in frame.columns]
    _check_names(names, path)
    frame.columns = pd.Index(names)
    if len(frame) < MIN_ROWS:
        raise UserError(f"a table must have at least {MIN_ROWS} rows below its header, but {path} has {len(frame)}.")
    return frame


def _read(file: Path, path: str, separator: str, decimal: str) -> pd.DataFrame:
    """Reads a file as what it is. Raises UserError where that fails."""
    is_parquet = find_format(file, path) == "parquet"
    try:
        return read_parquet(file) if is_parquet else read_csv(file, separator, decimal)
    except ImportError as error:
        if is_parquet:
            raise UserError(f"a Parquet file must have pyarrow to read it. {how_to_install('parquet')}") from None
        raise UserError(
            f"dataset.path must be a CSV that can be unpacked here, but {path} is not ({error}). Unpack it."
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"a CSV must be in UTF-8, but {path} is not. Save it as UTF-8.") from None
    except (ValueError, OSError, NotImplementedError, *TORN) as error:  # pandas' are ValueErrors
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise UserError(
            "dataset.path must be a CSV with a header, or a Parquet file, but "
            f"{path} cannot be read as one: {printable(reason)}."
        ) from None


def _check_names(names: list[str], path: str) -> None:
    """Raises UserError for columns without a name, with control characters in it, and for two of one name."""
    hint = diagnose_header(names)
    if unnamed := [str(number) for number, name in enumerate(names, start=1) if not name.strip()]:
        raise UserError(
            f"columns must have names, but number {join_some(unnamed)} of {path} has none."
            + (hint or " If it numbers the rows, write the file without it (pandas: index=False); else name it.")
        )
    if odd := [repr(name) for name in names if not name.replace("\t", "").isprintable()]:
        raise UserError(f"column names must be printable, but {path} has {join_some(odd)}. Rename the column.")
    if twice := sorted({repr(name) for name in names if names.count(name) > 1}):
        raise UserError(
            f"column names must differ, but {path} has {join_some(twice)} twice.{hint or ' Rename one of them.'}"
        )
