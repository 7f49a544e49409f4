"""A user's CSV or Parquet file: read, checked column by column, and what its configuration leaves open settled.

Imports no torch, for a sweep is checked in a process that has none, and pandas only where there is a table to read.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgu.data.digest import digest_file
from mgu.errors import UserError, did_you_mean, how_to_install
from mgu.score import TaskName

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS = 20
MAX_CLASSES = 1000
FEW_VALUES = 20  # whole numbers of which there are no more are taken for classes
DATE = r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?\s*"


def settle(dataset: dict[str, Any]) -> dict[str, Any]:
    """The values of conf/dataset/table.yaml with `sha256` and an "auto" `task` filled in from the file.

    Raises UserError where no file or no target is named, and for a table that cannot be learned from; values of other
    keys are the schema's to check.
    """
    for key, what in (("path", "a CSV or Parquet file"), ("target", "the column to be predicted")):
        if not isinstance(dataset.get(key), str | int):
            raise UserError(f"dataset.{key} must be {what}, but got {dataset.get(key)}. Pass dataset.{key}=...")
    settled = dataset | {key: str(dataset[key]) for key in ("path", "target")}  # a column may be called 1
    settled["sha256"] = dataset.get("sha256") or digest(settled["path"])
    if dataset.get("task") == "auto" and isinstance(dataset.get("drop"), list):
        frame = read_table(settled["path"], str(dataset.get("separator")), settled["sha256"])
        settled["task"] = infer_task(check_target(frame, settled["target"], settled["path"]))
    return settled


def digest(path: str) -> str:
    """The file's SHA-256; raises UserError where it cannot be read."""
    try:
        return digest_file(Path(path).expanduser())
    except OSError as error:
        raise UserError(
            f"dataset.path must be a file that can be read, but {path} is not ({error.strerror}). Correct the path."
        ) from None


@lru_cache(maxsize=1)  # every run of a sweep asks for it
def read_table(path: str, separator: str, sha256: str) -> pd.DataFrame:
    """All rows and columns; `sha256` is what the file must have, for it may have changed since a run was set up.

    Raises UserError for a file that is no table, is empty, has changed, or has a column name twice.
    """
    import pandas as pd

    if digest(path) != sha256:
        raise UserError(f"dataset.path must be the file that the run began with, but {path} has changed. Start anew.")
    file = Path(path).expanduser()
    is_parquet = file.suffix in (".parquet", ".pq")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # it would cut rows that are too long
            names = [] if is_parquet else _header(file, separator)
            frame = pd.read_parquet(file) if is_parquet else pd.read_csv(
                file, sep=separator, encoding="utf-8-sig", index_col=False, low_memory=False
            )  # fmt: skip
    except ImportError:
        raise UserError(f"a Parquet file must have pyarrow to read it. {how_to_install('parquet')}") from None
    except (ValueError, OSError, pd.errors.ParserWarning) as error:  # pandas' own errors are ValueErrors
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"dataset.path must be a CSV with a header, or a Parquet file, but {path} cannot be read as one: {reason}."
        ) from None
    names = names or [str(column) for column in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"column names must differ, but {path} has {twice[0]!r} twice. Rename one of them.")
    frame.columns = pd.Index(names)
    if len(frame) < MIN_ROWS:
        raise UserError(f"a table must have at least {MIN_ROWS} rows below its header, but {path} has {len(frame)}.")
    return frame


def _header(file: Path, separator: str) -> list[str]:
    """The names as they stand there: pandas renames one that comes twice."""
    import pandas as pd

    first = pd.read_csv(file, sep=separator, encoding="utf-8-sig", header=None, nrows=1, dtype=str, index_col=False)
    return [str(name) for name in first.iloc[0]]


def check_target(frame: pd.DataFrame, target: str, path: str) -> pd.Series[Any]:
    """The column to be predicted; raises UserError where it is missing, has gaps or is constant."""
    from pandas.api.types import is_numeric_dtype

    if target not in frame.columns:
        some = ", ".join(frame.columns[:20]) + (", ..." if len(frame.columns) > 20 else "")
        hint = did_you_mean(target, frame.columns) or " Where columns are not told apart, pass dataset.separator=..."
        raise UserError(f"dataset.target must be a column of {path} ({some}), but got {target!r}.{hint}")
    column = frame[target]
    known = _is_finite(column) if is_numeric_dtype(column) else column.notna().to_numpy()
    if not known.all():
        raise UserError(
            f"dataset.target must be known and finite in every row, but {target!r} is not in {(~known).sum():,} of "
            f"{len(frame):,}. Leave those rows out of the file."
        )
    if column.nunique() == 1:
        raise UserError(f"dataset.target must vary, but {target!r} is {column.iloc[0]} in every row. Name another one.")
    return column


def infer_task(target: pd.Series[Any]) -> TaskName:
    """Regression for numbers with fractions, or with more than 20 values; classification for all else."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not is_numeric_dtype(target) or is_bool_dtype(target):
        return "classification"
    has_fractions = bool((target % 1 != 0).any())
    return "regression" if has_fractions or target.nunique() > FEW_VALUES else "classification"


def check_table(frame: pd.DataFrame, target: str, task: TaskName, drop: list[str], path: str) -> pd.DataFrame:
    """The columns to learn from and the target; raises UserError for any that cannot be used, see the messages."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    column = check_target(frame, target, path)
    if task == "regression" and (not is_numeric_dtype(column) or is_bool_dtype(column)):
        raise UserError(
            f"dataset.target must be numbers for regression, but {target!r} has {column.iloc[0]!r}. "
            "Pass dataset.task=classification."
        )
    if task == "classification" and column.nunique() > MAX_CLASSES:
        raise UserError(
            f"dataset.target must have at most {MAX_CLASSES:,} classes, but {target!r} has {column.nunique():,}. "
            "Pass dataset.task=regression if these are numbers, or name another column."
        )
    for name in drop:
        if name not in frame.columns or name == target:
            hint = did_you_mean(name, frame.columns)
            raise UserError(f"dataset.drop must name columns beside the target, but got {name!r}.{hint}")
    features = frame.drop(columns=[*drop, target])
    if features.shape[1] == 0:
        raise UserError(
            f"a table must have a column beside its target, but {path} has none. If it has, pass dataset.separator=..."
        )
    for name in features.columns:
        _check_feature(features[name], name)
    return frame.drop(columns=drop)


def _is_finite(column: pd.Series[Any]) -> Any:
    """One truth value a row; what is missing is not."""
    import numpy as np

    return np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))


def _check_feature(column: pd.Series[Any], name: str) -> None:
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    way_out = f"or leave it out with dataset.drop=[{name}]"
    known = column.dropna()
    if known.empty:
        raise UserError(f"columns must have values, but {name!r} has none. Fill it, {way_out}.")
    if is_numeric_dtype(column):
        if not _is_finite(known).all():
            raise UserError(f"numbers must be finite, but {name!r} has infinite ones. Mend them, {way_out}.")
        return
    if is_datetime64_any_dtype(column) or known.astype(str).str.fullmatch(DATE).all():
        raise UserError(
            f"columns must be numbers or categories, but {name!r} has dates ({known.iloc[0]}). Make numbers of them, "
            f"such as year and month, {way_out}."
        )
    if not all(isinstance(value, str | bool | int | float) for value in known):
        raise UserError(
            f"columns must be numbers or categories, but {name!r} has {type(known.iloc[0]).__name__} values. "
            f"Make several columns of it, {way_out}."
        )
