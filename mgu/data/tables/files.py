"""A user's CSV or Parquet file: reading it, and resolving what its configuration leaves open. Imports no torch.

pandas is imported only where there is a table to read.
"""

from __future__ import annotations

import lzma
import tarfile
import warnings
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.digest import digest_file
from mgu.data.tables.columns import check_target, infer_task
from mgu.errors import UserError, how_to_install

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS = 20
TORN = (EOFError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error)  # raised by unpacking
# Missing values in a column of numbers, as an empty field is anywhere; among other words they are words.
MISSING_NUMBERS = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "NULL", "null", "None", "<NA>")


def resolve(dataset: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of conf/dataset/table.yaml with `sha256`, and with the task that "auto" stands for.

    Values may be as a shell left them. Raises UserError where no file or target is named, for an impossible separator
    or list of columns, and for a table that cannot be learned from; the schema checks the values of other keys.
    """
    for key, what in (("path", "a CSV or Parquet file"), ("target", "the column to be predicted")):
        if not isinstance(dataset.get(key), str | int):
            raise UserError(f"dataset.{key} must be {what}, but got {dataset.get(key)}. Pass dataset.{key}=...")
    resolved = dataset | {key: str(dataset[key]) for key in ("path", "target")}  # a column may be called 1
    resolved["separator"] = _resolve_separator(dataset.get("separator"))
    resolved["drop"] = _resolve_drop(dataset.get("drop"))
    resolved["sha256"] = dataset.get("sha256") or digest(resolved["path"])
    if dataset.get("task") == "auto":
        frame = read_table(resolved["path"], resolved["separator"], resolved["sha256"])
        resolved["task"] = infer_task(check_target(frame, resolved["target"], resolved["path"]))
    return resolved


def _resolve_separator(value: Any) -> str:
    """Returns one character; understands "tab". Raises UserError."""
    separator = {"\\t": "\t", "tab": "\t"}.get(value, value) if isinstance(value, str) else value
    if not isinstance(separator, str) or len(separator) != 1 or separator in '"\r\n':
        raise UserError(
            f"dataset.separator must be one character, but got {value!r}. Pass \"dataset.separator=';'\", or "
            "dataset.separator=tab."
        )
    return separator


def _resolve_drop(value: Any) -> list[str]:
    """Returns names of columns. Raises UserError."""
    if not isinstance(value, list):
        raise UserError(f"dataset.drop must be a list of columns, but got {value!r}. Pass dataset.drop=[...].")
    return ["null" if name is None else str(name) for name in value]  # columns may be called 1, nan or null


def digest(path: str) -> str:
    """Returns the file's SHA-256. Raises UserError where it cannot be read."""
    try:
        return digest_file(Path(path).expanduser())
    except OSError as error:
        raise UserError(
            f"dataset.path must be a file that can be read, but {path} is not ({error.strerror}). Correct the path."
        ) from None


@lru_cache(maxsize=1)  # every run of a sweep is resolved
def read_table(path: str, separator: str, sha256: str) -> pd.DataFrame:
    """Reads all rows and columns of a file with the checksum `sha256`; the last table is kept in memory.

    Raises UserError for a file that is no table, has too few rows, has changed since the run was set up, or has columns
    without a name or with the same one.
    """
    import pandas as pd

    if digest(path) != sha256:
        raise UserError(f"dataset.path must be the file that the run began with, but {path} has changed. Start anew.")
    file = Path(path).expanduser()
    is_parquet = file.suffix.lower() in (".parquet", ".pq")
    try:
        frame = pd.read_parquet(file) if is_parquet else _read_csv(file, separator)
    except ImportError as error:
        if is_parquet:
            raise UserError(f"a Parquet file must have pyarrow to read it. {how_to_install('parquet')}") from None
        raise UserError(
            f"dataset.path must be a CSV that can be unpacked here, but {path} is not ({error}). Unpack it."
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"a CSV must be in UTF-8, but {path} is not. Save it as UTF-8.") from None
    except (ValueError, OSError, pd.errors.ParserWarning, *TORN) as error:  # pandas' own errors are ValueErrors
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"dataset.path must be a CSV with a header, or a Parquet file, but {path} cannot be read as one: {reason}."
        ) from None
    names = [str(column) for column in frame.columns]
    _check_names(names, path)
    frame.columns = pd.Index(names)
    if len(frame) < MIN_ROWS:
        raise UserError(f"a table must have at least {MIN_ROWS} rows below its header, but {path} has {len(frame)}.")
    return frame


def _read_csv(file: Path, separator: str) -> pd.DataFrame:
    """Reads a CSV with the column names as they are. Raises what pandas raises."""
    import pandas as pd

    form: dict[str, Any] = {
        "sep": separator,
        "encoding": "utf-8-sig",
        "index_col": False,
        "keep_default_na": False,
        "na_values": [""],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # it would cut rows that are too long
        # The names as they stand there: pandas renames one that comes twice.
        names = pd.read_csv(file, header=None, nrows=1, dtype=str, **form).iloc[0].fillna("")
        frame: pd.DataFrame = pd.read_csv(file, low_memory=False, **form)
    frame.columns = pd.Index(names)
    return frame.apply(_with_gaps) if len(frame) else frame


def _with_gaps(column: pd.Series[Any]) -> pd.Series[Any]:
    """Converts a column of numbers and words for missing values to numbers; returns any other as it is."""
    import pandas as pd

    if not pd.api.types.is_string_dtype(column) and column.dtype != object:
        return column
    rest = column[column.notna() & ~column.isin(MISSING_NUMBERS)]
    numbers = pd.to_numeric(rest, errors="coerce")
    is_bool = rest.map(lambda value: isinstance(value, bool)).any()
    return column if numbers.isna().any() or is_bool else numbers.reindex(column.index).astype("float64")


def _check_names(names: list[str], path: str) -> None:
    """Raises UserError for a column without a name, and for two of one name."""
    unnamed = [number for number, name in enumerate(names, start=1) if not name.strip()]
    if unnamed:
        raise UserError(
            f"columns must have names, but number {unnamed[0]} of {path} has none. If it numbers the rows, write the "
            "file without it (pandas: index=False), for a model would learn from it; else name it."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"column names must differ, but {path} has {twice[0]!r} twice. Rename one of them.")
