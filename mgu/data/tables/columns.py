"""Checks of a user's table, column by column, and what each column is taken for. Imports no torch.

pandas is imported only where there is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mgu.data.tables.advice import advise_columns, advise_drop, advise_text, join_and, join_some
from mgu.data.tables.dates import FORMS, can_be_read
from mgu.errors import UserError
from mgu.text.agree import agree
from mgu.text.nearest import did_you_mean
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd

SOME_MISSING = 0.01  # share of a column's values that may be missing where it numbers the rows
FEW_VALUES = 20  # up to so many different whole numbers are classes, and words are categories
NEARLY_ALL = 0.9
NAMED_FAULTS = 3  # columns with a reason of their own in a message; the override names all
DATE = r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T].*)?\s*"
NUMBER = r"\s*[-+]?\d[\d.,' ]*([eE][-+]?\d+)?\s*%?\s*"  # as people write them: 1,5 or 1 234.50 or 12%


def check_features(frame: pd.DataFrame, target: str, drop: list[str], scale: str, path: str) -> pd.DataFrame:
    """Checks the columns to learn from.

    Args:
        frame: The table.
        target: Name of the column to be predicted.
        drop: Names of columns that are left out.
        scale: dataset.scale.
        path: The file, for messages.

    Returns:
        The columns to learn from and the target.

    Raises:
        UserError: Columns cannot be used; the message names the first of them and counts the others.
    """
    others = [name for name in frame.columns if name != target]
    if unknown := [name for name in drop if name not in others]:
        if target in unknown:
            hint = " It is needed."
        else:
            hint = did_you_mean(unknown[0], others) or f" Leave it out, or name some of {join_some(others)}."
        raise UserError(
            f"dataset.drop must name columns beside the target, but got {', '.join(map(repr, unknown))}.{hint}"
        )
    features = frame.drop(columns=[*drop, target])
    if features.shape[1] == 0:
        raise UserError(
            f"a table must have a column beside its target, but {path} has none that is kept. Name fewer in "
            "dataset.drop, or pass dataset.separator=... where columns are not told apart."
        )
    faults = {name: fault for name in features.columns if (fault := find_fault(features[name], scale))}
    if faults:
        some = [f"{name!r} {fault}" for name, fault in list(faults.items())[:NAMED_FAULTS]]
        more = [f"{len(faults) - NAMED_FAULTS} more cannot be used"] if len(faults) > NAMED_FAULTS else []
        it = agree(len(faults), "it", "them")
        instead = f", or leave {it} out with {advise_drop([*faults])}" if len(faults) < features.shape[1] else ""
        advice = _advise_dates({name: features[name] for name in faults if _has_dates(features[name])})
        raise UserError(
            f"columns must be numbers or categories, but {join_and(some + more)}. {advice}Correct {it} in the "
            f"file{instead}."
        )
    return frame.drop(columns=drop)


def find_fault(column: pd.Series[Any], scale: str = "standard") -> str | None:
    """Returns why a column is neither numbers nor categories, as the words that follow its name; None if it is."""
    import numpy as np
    from pandas.api.types import is_numeric_dtype

    known = column.dropna()
    if known.empty:
        return "has no values"
    if is_numeric_dtype(column):
        is_infinite = np.isinf(column.to_numpy(dtype=float, na_value=np.nan))
        if not is_infinite.any() or scale == "robust":
            return None
        return (
            f"has infinite numbers ({is_infinite.sum():,}, first in row {column.index[is_infinite.argmax()] + 1:,}), "
            "which dataset.scale=robust would bound"
        )
    if _has_dates(column):
        return f"has dates ({known.iloc[0]})"
    if not all(isinstance(value, str | bool | int | float) for value in known):
        return f"has {type(known.iloc[0]).__name__} values"
    return _find_fault_of_words(known.astype(str))


def _has_dates(column: pd.Series[Any]) -> bool:
    """Returns whether all known values of a column are dates, however they are written."""
    from pandas.api.types import is_datetime64_any_dtype

    known = column.dropna()
    is_date = is_datetime64_any_dtype(column) or known.astype(str).str.fullmatch(DATE).all()
    return bool(is_date) and not known.empty


def _advise_dates(columns: dict[str, pd.Series[Any]]) -> str:
    """Returns a sentence on how columns of dates are learned from, with a blank behind it; "" without any."""
    if not columns:
        return ""
    readable = [name for name, column in columns.items() if can_be_read(column)]
    if readable:
        return f"To learn from dates, pass {advise_columns('dataset.dates', readable)}. "
    return f"To learn from dates, write them as {FORMS} and name their columns in dataset.dates. "


def _find_fault_of_words(words: pd.Series[Any]) -> str | None:
    """Returns why words are misread numbers, or no categories because they differ in nearly every row."""
    if (count := words.nunique()) <= FEW_VALUES:
        return None
    are_numbers = words.str.fullmatch(NUMBER)
    odd = words[~are_numbers | words.str.contains(r"[^\d.eE+-]")]
    if are_numbers.mean() >= NEARLY_ALL and len(odd):  # else they were meant to be words
        comma = advise_text("dataset.decimal", ",")
        return (
            f"has {odd.iloc[0]!r} in row {odd.index[0] + 1:,}, which makes words of all its numbers: they must be "
            f"written as 1234.5, or as 1234,5 in a CSV with {comma}, and a missing one as nothing"
        )
    if count >= NEARLY_ALL * len(words):
        return f"has {count:,} different texts in {len(words):,} rows ({words.iloc[0]!r})"
    return None


def describe_columns(frame: pd.DataFrame, target: str, dates: Sequence[str] = ()) -> str:
    """Says in one line which columns of a checked table are numbers, which are dates and which are categories.

    Columns that number the rows, or have one value in all, are named with the override that leaves them out.
    """
    features = frame.drop(columns=target)
    numbers = [name for name in features.columns if is_number(features[name]) and name not in dates]
    counters = [name for name in numbers if numbers_rows(features[name])]
    numbers_of = {name: features[name].nunique() for name in features.columns if name not in (*numbers, *dates)}
    counts = {name: f" ({number} {agree(number, 'value', 'values')})" for name, number in numbers_of.items()}
    marks = {name: " (differs in every row)" for name in numbers if differs_in_every_row(features[name])}
    kinds = {
        "numbers": [f"{printable(name)}{marks.get(name, '')}" for name in numbers],
        "dates": [printable(name) for name in features.columns if name in dates],
        "categories": [f"{printable(name)}{counts[name]}" for name in counts],
    }
    *first, last = [f"for {kind}: {join_some(names)}" for kind, names in kinds.items() if names]
    text = f"columns taken {', '.join([*first, f'and {last}' if first else last])}"
    constant = [name for name in features.columns if features[name].nunique(dropna=False) == 1]
    seem, have = agree(len(counters), "seems", "seem"), agree(len(constant), "has", "have")
    uninformative = [(counters, f"{seem} to number the rows"), (constant, f"{have} one value in all rows")]
    why = [f"{join_some([*map(printable, names)])} {words}" for names, words in uninformative if names]
    if not why:
        return text
    useless = counters + constant
    advice = f"leave {agree(len(useless), 'it', 'them')} out with {advise_drop(useless)}"
    return f"{text}; {' and '.join(why)}, which teaches a model nothing: {advice}"


def is_number(column: pd.Series[Any]) -> bool:
    """Returns whether a column has numbers; truth values are categories."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column)


def differs_in_every_row(column: pd.Series[Any]) -> bool:
    """Returns whether a column has a whole number in every row but a few that lack one, and none twice."""
    if not is_number(column) or column.isna().mean() > SOME_MISSING:
        return False
    known = column.dropna()
    return bool((known % 1 == 0).all() and known.is_unique)


def numbers_rows(column: pd.Series[Any]) -> bool:
    """Returns whether a column, in the order of the file, counts the rows: 1..n in any order, or ever larger."""
    import numpy as np

    if not differs_in_every_row(column):
        return False
    values = column.dropna().to_numpy(dtype=np.float64)
    return bool(values.max() - values.min() == len(column) - 1) or bool((np.diff(values) > 0).all())
