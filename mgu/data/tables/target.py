"""Checks of the column to be predicted, and the task that it stands for. Imports no torch.

pandas is imported only where there is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mgu.config.datasets import TableConfig
from mgu.data.tables.advice import advise_separator, join_some
from mgu.data.tables.columns import FEW_VALUES, find_fault, is_number
from mgu.data.tables.whole import check_exact, without_gaps
from mgu.errors import UserError
from mgu.tasks.score import TaskName
from mgu.text.nearest import did_you_mean
from mgu.text.printable import printable

if TYPE_CHECKING:
    import pandas as pd

MAX_CLASSES = 1000
SEPARATORS = ";\t|:,"
UNKNOWN = "?"  # how many public tables write a missing class; among other words of a feature it is a category


def find_target(frame: pd.DataFrame, target: str, path: str) -> pd.Series[Any]:
    """Returns the column to be predicted. Raises UserError where it is not there, and says why."""
    return find_column(frame, target, "target", path)


def find_column(frame: pd.DataFrame, name: str, key: str, path: str) -> pd.Series[Any]:
    """Returns the column that `dataset.<key>` names. Raises UserError where it is not there, and says why."""
    if name in frame.columns:
        return frame[name]
    some = ", ".join(map(printable, frame.columns[:20])) + (", ..." if len(frame.columns) > 20 else "")
    hint = did_you_mean(name, frame.columns) or diagnose_header([*frame.columns], name)
    raise UserError(f"dataset.{key} must be a column of {path} ({some}), but got {name!r}.{hint}")


def find_complete_column(frame: pd.DataFrame, name: str, key: str, config: TableConfig, purpose: str) -> pd.Series[Any]:
    """Returns the column by which rows are split. Raises UserError where it is the target, or not known in every row.

    Args:
        frame: Rows with a target.
        name: Name of the column.
        key: What names it, after "dataset.".
        config: Of the table.
        purpose: What the column says, to follow "Name the column that".
    """
    column = find_column(frame, name, key, config.path)
    if name == config.target:
        raise UserError(
            f"dataset.{key} must be another column than the target, but both are {name!r}. Name the column that "
            f"{purpose}."
        )
    if (num_missing := int(column.isna().sum())) > 0:
        first = int(column.index[int(column.isna().to_numpy().argmax())]) + 1
        raise UserError(
            f"dataset.{key} must be known in every row, but {name!r} is missing in {num_missing:,} of "
            f"{len(frame):,} rows (first in row {first:,}). Fill it in in the file."
        )
    return column


def diagnose_header(names: list[str], target: str = "") -> str:
    """Returns a sentence on why the first line of a file does not name the expected columns; "" for no idea."""
    if separator := find_separator(names, target):
        return f" Its columns are separated otherwise: pass {advise_separator(separator)}."
    if hint := diagnose_data(names):
        return hint
    for separator in SEPARATORS:
        if len(names) == 1 and separator in names[0]:
            return f" If its columns are separated otherwise, pass {advise_separator(separator)}."
    return ""


def diagnose_data(names: Sequence[str]) -> str:
    """Returns a sentence on a first line that has numbers where names are expected.

    Args:
        names: The names of the columns as they were read.

    Returns:
        The sentence, which begins with a blank; "" where no name is a number.
    """
    if any(_is_number(name) for name in names):
        return " The first line looks like data: write a line with the names of the columns above it."
    return ""


def find_separator(names: Sequence[str], wanted: str) -> str | None:
    """Finds what separates the columns of a first line that was split by another character.

    Args:
        names: The line as it was split.
        wanted: The name of a column that it must have.

    Returns:
        The character; None if none of SEPARATORS separates a column of that name.
    """
    for separator in SEPARATORS:
        parts = [part.strip().strip('"') for name in names for part in name.split(separator)]
        if wanted in parts and len(parts) > len(names):
            return separator
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def select_known(frame: pd.DataFrame, target: str, missing_target: str, path: str) -> pd.DataFrame:
    """Selects the rows whose target is known and finite.

    Args:
        frame: All rows.
        target: Name of the column to be predicted.
        missing_target: "drop" leaves the others out, "refuse" does not.
        path: The file, for messages.

    Returns:
        The rows.

    Raises:
        UserError: There are others and `missing_target` is "refuse", or too few are left.
    """
    import numpy as np

    column = find_target(frame, target, path)
    if is_number(column):
        known = np.isfinite(column.to_numpy(dtype=float, na_value=np.nan))
    else:
        known = (column.notna() & (column.astype(str).str.strip() != UNKNOWN)).to_numpy()
    if known.all():
        return frame
    num_missing, first = int((~known).sum()), int(frame.index[(~known).argmax()]) + 1
    if missing_target == "refuse":
        raise UserError(
            f"dataset.target must be known and finite in every row, but {target!r} is not in {num_missing:,} of "
            f"{len(frame):,} rows (first in row {first:,}). Pass dataset.missing_target=drop to leave those rows out."
        )
    kept: pd.DataFrame = frame[known].copy()
    kept[target] = without_gaps(kept[target])  # not by assign, which has no column called self
    return kept


def check_target(column: pd.Series[Any], path: str) -> pd.Series[Any]:
    """Returns the known targets. Raises UserError where they cannot be predicted, whatever the task."""
    target = str(column.name)
    if column.empty:
        raise UserError(f"dataset.target must have values, but {target!r} of {path} has none. Name another column.")
    if not is_number(column) and (fault := find_fault(column)):
        raise UserError(f"dataset.target must be numbers or classes, but {target!r} {fault}. Name another column.")
    if column.nunique() == 1:
        only = printable(str(column.iloc[0]))
        raise UserError(f"dataset.target must vary, but {target!r} is {only} in every row. Name another one.")
    return column


def infer_task(target: pd.Series[Any]) -> TaskName:
    """Infers regression for numbers with fractions or more than 20 values, and classification for all else."""
    if not is_number(target):
        return "classification"
    has_fractions = bool((target % 1 != 0).any())
    return "regression" if has_fractions or target.nunique() > FEW_VALUES else "classification"


def describe_spellings(classes: Sequence[Any]) -> tuple[str, ...]:
    """Returns a note that names classes which differ only in blanks or case; () if there are none.

    Args:
        classes: The classes of a table, as they stand there.
    """
    alike: dict[str, list[str]] = {}
    for name in map(str, classes):
        alike.setdefault(name.strip().casefold(), []).append(name)
    groups = [" and ".join(map(repr, names)) for names in alike.values() if len(names) > 1]
    if not groups:
        return ()
    some = join_some(groups, "; ")
    return (
        f"classes that differ only in blanks or case are learned as different ones: {some}. Write them alike in the "
        "table if they are not",
    )


def check_task(column: pd.Series[Any], task: TaskName) -> None:
    """Raises UserError for regression of words, for too many classes, and for classes that are not told apart."""
    if task == "regression" and not is_number(column):
        raise UserError(
            f"dataset.target must be numbers for regression, but {str(column.name)!r} has {str(column.iloc[0])!r}. "
            "Pass dataset.task=classification."
        )
    if task == "classification" and column.nunique() > MAX_CLASSES:
        raise UserError(
            f"dataset.target must have at most {MAX_CLASSES:,} classes, but {str(column.name)!r} has "
            f"{column.nunique():,}. Pass dataset.task=regression if these are numbers, or name another column."
        )
    if task == "classification":
        check_exact(column, "classes")
