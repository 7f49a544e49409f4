"""Columns that give the target away: copies of it in other words or another unit, and what is known only after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mgu.data.tables.advice import advise_drop, join_some
from mgu.data.tables.columns import is_number
from mgu.tasks.score import TaskName

if TYPE_CHECKING:
    import pandas as pd

ROWS_PER_VALUE = 5  # a column with fewer rows for each of its values gives any target away
TOLERANCE = 0.01  # share of the rows outside the largest class that may contradict
SAME_ORDER = 0.9999  # rank correlation


def describe_disguises(frame: pd.DataFrame, target: str, task: TaskName) -> tuple[str, ...]:
    """Returns a note that names the columns from each of which alone the target can be read; () if there are none.

    Args:
        frame: The rows of a checked table.
        target: Name of the column to predict.
        task: Classification or regression.
    """
    features = frame.drop(columns=target)
    names = [name for name in features.columns if gives_away(features[name], frame[target], task)]
    if not names:
        return ()
    return (
        f"the target {target!r} can be read from {join_some([*map(repr, names)])} alone, in nearly every row: if a "
        f"prediction is made before such a column is known, leave it out with {advise_drop(names)}",
    )


def gives_away(column: pd.Series[Any], target: pd.Series[Any], task: TaskName) -> bool:
    """Tells whether one column gives the target away: by its values, by its order, or by where it is missing.

    Args:
        column: A column to learn from.
        target: The column to be predicted.
        task: The task.

    Returns:
        Whether it does.
    """
    import pandas as pd

    values = pd.factorize(column)[0]  # -1: missing
    answers = pd.factorize(target)[0]
    if task == "regression":
        return _determines(values, answers, tolerance=0) or (is_number(column) and _has_same_order(column, target))
    is_missing = (values == -1).astype(int)
    if any(_determines(keys, answers, TOLERANCE) for keys in (values, is_missing)):
        return True
    return is_number(column) and _separates(column.to_numpy(dtype=np.float64, na_value=np.nan), answers)


def _determines(values: Any, answers: Any, tolerance: float) -> bool:
    """Returns whether each of few values comes with one answer."""
    import pandas as pd

    pairs = pd.DataFrame({"value": values, "answer": answers}).value_counts()
    by_value = pairs.groupby("value").max()
    others = len(answers) - np.bincount(answers).max()
    if len(by_value) < 2 or len(by_value) * ROWS_PER_VALUE > len(values) or others < ROWS_PER_VALUE:
        return False
    return bool(len(answers) - by_value.sum() <= tolerance * others)


def _separates(numbers: Any, answers: Any) -> bool:
    """Returns whether thresholds on a column tell all classes apart: each class is one interval of its numbers."""
    known = ~np.isnan(numbers)
    if known.mean() < 1 - TOLERANCE:
        return False
    numbers, answers = numbers[known], answers[known]
    order = np.lexsort((answers, numbers))
    is_change = np.diff(answers[order]) != 0
    if (is_change & (np.diff(numbers[order]) == 0)).any():  # one number, two answers
        return False
    return int(is_change.sum()) == len(np.unique(answers)) - 1 and min(np.bincount(answers)) >= ROWS_PER_VALUE


def _has_same_order(column: pd.Series[Any], target: pd.Series[Any]) -> bool:
    """Returns whether the target rises or falls with the column, as it does with a copy in another unit."""
    known = column.notna().to_numpy()
    if known.mean() < 1 - TOLERANCE:
        return False
    first, second = (series[known].rank().to_numpy(dtype=np.float64) for series in (column, target))
    if first.std() == 0 or second.std() == 0:
        return False
    return bool(abs(np.corrcoef(first, second)[0, 1]) >= SAME_ORDER)
