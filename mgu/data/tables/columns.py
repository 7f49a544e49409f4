"""Checks of a user's table, column by column, and how each column is interpreted. Imports no torch.

pandas is imported only where there is a table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mgu.errors import UserError, did_you_mean
from mgu.tasks.score import TaskName

if TYPE_CHECKING:
    import pandas as pd

MAX_CLASSES = 1000
FEW_VALUES = 20  # up to so many different whole numbers are classes, and words are categories
NEARLY_ALL = 0.9
NAMED = 10  # columns that a note names
DATE = r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?\s*"
NUMBER = r"\s*[-+]?\d[\d.,' ]*([eE][-+]?\d+)?\s*%?\s*"  # as people write them: 1,5 or 1 234.50 or 12%


def check_target(frame: pd.DataFrame, target: str, path: str) -> pd.Series[Any]:
    """Returns the column to be predicted. Raises UserError where it is missing, has gaps or is constant."""
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
    """Infers regression for numbers with fractions or more than 20 values, and classification for all else."""
    if not is_number(target):
        return "classification"
    has_fractions = bool((target % 1 != 0).any())
    return "regression" if has_fractions or target.nunique() > FEW_VALUES else "classification"


def check_table(frame: pd.DataFrame, target: str, task: TaskName, drop: list[str], path: str) -> pd.DataFrame:
    """Returns the columns to learn from and the target. Raises UserError for a column that cannot be used."""
    column = check_target(frame, target, path)
    if task == "regression" and not is_number(column):
        raise UserError(
            f"dataset.target must be numbers for regression, but {target!r} has {str(column.iloc[0])!r}. "
            "Pass dataset.task=classification."
        )
    if task == "classification" and column.nunique() > MAX_CLASSES:
        raise UserError(
            f"dataset.target must have at most {MAX_CLASSES:,} classes, but {target!r} has {column.nunique():,}. "
            "Pass dataset.task=regression if these are numbers, or name another column."
        )
    others = [name for name in frame.columns if name != target]
    for name in drop:
        if name not in others:
            hint = " It is needed." if name == target else did_you_mean(name, others)
            raise UserError(f"dataset.drop must name columns beside the target, but got {name!r}.{hint}")
    features = frame.drop(columns=[*drop, target])
    if features.shape[1] == 0:
        raise UserError(
            f"a table must have a column beside its target, but {path} has none. If it has, pass dataset.separator=..."
        )
    for name in features.columns:
        _check_feature(features[name], name)
    return frame.drop(columns=drop)


def describe_columns(frame: pd.DataFrame, target: str) -> str:
    """Says in one line which columns of a checked table are numbers and which are categories."""
    features = frame.drop(columns=target)
    numbers = [name for name in features.columns if is_number(features[name])]
    categories = [f"{name} ({features[name].nunique()} values)" for name in features.columns if name not in numbers]
    kinds = {"numbers": numbers, "categories": categories}
    return "columns taken for " + ", and for ".join(f"{kind}: {_some(own)}" for kind, own in kinds.items() if own)


def _some(names: list[str]) -> str:
    """Joins the first names, and says how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def is_number(column: pd.Series[Any]) -> bool:
    """Returns whether a column has numbers; truth values are categories."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column)


def _is_finite(column: pd.Series[Any]) -> Any:
    """Returns one truth value a row; missing values are not finite."""
    import numpy as np

    return np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))


def advise_drop(name: str) -> str:
    """Returns the override that leaves a column out, quoted for a shell."""
    if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) and name.lower() not in ("null", "nan", "inf", "true", "false"):
        return f"dataset.drop=[{name}]"
    quoted = re.sub(r'(\\*)(["]|$)', lambda found: 2 * found[1] + ('\\"' if found[2] else ""), name)
    return "'dataset.drop=[\"" + quoted.replace("'", "'\\''") + "\"]'"


def _check_feature(column: pd.Series[Any], name: str) -> None:
    """Raises UserError for a column that is neither numbers nor categories."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    way_out = f"or leave it out with {advise_drop(name)}"
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
    _check_words(known.astype(str), name, way_out)


def _check_words(words: pd.Series[Any], name: str, way_out: str) -> None:
    """Raises UserError for words that are misread numbers, or that differ in nearly every row."""
    if (count := words.nunique()) <= FEW_VALUES:
        return
    are_numbers = words.str.fullmatch(NUMBER)
    odd = words[~are_numbers | words.str.contains(r"[^\d.eE+-]")]
    if are_numbers.mean() >= NEARLY_ALL and len(odd):  # else they were meant to be words
        raise UserError(
            f"numbers must be written as 1234.5, and a missing one as nothing, but {name!r} has {odd.iloc[0]!r}, which "
            f"makes words of all. Mend it, {way_out}."
        )
    if count >= NEARLY_ALL * len(words):
        raise UserError(
            f"columns must be numbers or categories, but {name!r} has {count:,} different texts in {len(words):,} rows "
            f"({words.iloc[0]!r}). Make categories or numbers of them, {way_out}."
        )
