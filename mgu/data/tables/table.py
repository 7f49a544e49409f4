"""Encoding of a table: everything that is learned about columns and target is learned from training rows only.

Numbers are standardised; a missing one takes the median, and an input of its own says so. Dates are numbers of days,
and points on the circles of year, week and day. Categories become one-hot; a missing one is a category like the others.
One-hot with a dense layer after it is an embedding whose rows are summed, so baselines and units keep their plain first
layer. Rare categories of a column share one input, as do categories that training never saw; where a column has no rare
ones, an unseen category is all zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mgu.data.splits import Splits
from mgu.data.tables.class_rows import describe_class_rows
from mgu.data.tables.close import describe_rounded
from mgu.data.tables.columns import is_number
from mgu.data.tables.copies import describe_copies
from mgu.data.tables.extremes import check_resolution, check_target, describe_extremes, find_extremes, find_far
from mgu.data.tables.inputs import center_and_scale, encode_inputs, overflows, too_large
from mgu.data.tables.rows import Rows
from mgu.errors import UserError
from mgu.results.on_disk.preprocessing import Columns
from mgu.tasks.score import TaskName

if TYPE_CHECKING:
    import pandas as pd

AS_IS = "train as is"  # targets that training has bounded, as they are: a use of rows like train, val and test


class Table(NamedTuple):
    """Holds the encoded rows of a table, and what the encoding found.

    Attributes:
        splits: Training, validation and test rows.
        num_inputs: Width of the encoded rows.
        classes: In the order of the model's outputs; empty for regression.
        target_mean: Targets of a regression are (target - mean) / std; the median where numbers are scaled robustly.
        target_std: Standard deviation of the training targets, or the robust one.
        columns: How each column became inputs.
        held_out: The test rows, or those that validate where nothing is held out for testing, as in the file.
        training: The training rows, as in the file.
    """

    splits: Splits
    num_inputs: int
    classes: list[Any]
    target_mean: float
    target_std: float
    columns: Columns
    held_out: pd.DataFrame
    training: pd.DataFrame


def encode_table(
    parts: dict[str, pd.DataFrame],
    target: str,
    task: TaskName,
    max_categories: int,
    scale: str = "standard",
    dates: Sequence[str] = (),
) -> Table:
    """Encodes a table that is split.

    Args:
        parts: Rows with the target among their columns, by their use: train, val, and test if some are held out.
        target: Name of the column to predict.
        task: Classification or regression.
        max_categories: Inputs per column of categories, at most.
        scale: "standard" or "robust", see `dataset.scale`.
        dates: Columns that have days since 1970-01-01, as date_columns.py reads them.

    Returns:
        The encoded rows.

    Raises:
        UserError: Numbers are too large, one target is out of all proportion, they are
            too close for float64, or all rows to train on are of one class.
    """
    classes: list[Any] = []
    mean, std = 0.0, 1.0
    notes = list(describe_copies(parts, target))
    if task == "classification":
        targets, classes, spread = _encode_classes({name: part[target] for name, part in parts.items()})
        notes += spread
    else:
        check_resolution(parts["train"][target].to_numpy(dtype=np.float64), target)
        targets, mean, std, moved = _encode_numbers({name: part[target] for name, part in parts.items()}, scale)
        notes += moved
        if scale == "standard":
            check_target(parts, target)
    features = {name: part.drop(columns=target) for name, part in parts.items()}
    inputs, columns = encode_inputs(features, scale, max_categories, dates)
    numbers = [str(name) for name, column in parts["train"].items() if is_number(column)]
    if task == "classification" and target in numbers:
        numbers.remove(target)
    notes += describe_rounded(parts, numbers, target)
    if extremes := find_extremes(parts, numbers):
        notes.append(describe_extremes(extremes, target, scale, dates))
    rows = {name: Rows(inputs[name], targets[name]) for name in parts}
    as_is = Rows(inputs["train"], targets[AS_IS]) if AS_IS in targets else None
    splits = Splits(rows["train"], rows["val"], rows.get("test"), tuple(notes), as_is)
    held_out = features.get("test", features["val"])
    return Table(splits, inputs["train"].shape[1], classes, mean, std, columns, held_out, features["train"])


def _encode_classes(targets: dict[str, pd.Series[Any]]) -> tuple[dict[str, Tensor], list[Any], list[str]]:
    """Returns classes as numbers, what they stand for, and notes on how they are spread over the parts.

    Raises UserError where all rows to train on are of one class.
    """
    labels = {name: _labels(column) for name, column in targets.items()}
    seen = set(labels["train"])
    if len(seen) < 2:
        raise UserError(
            f"rows to train on must be of two classes, but all of them ({len(labels['train']):,}) are of one. "
            "Hold out fewer (dataset.test_share), or add rows."
        )
    classes = sorted({label for of_part in labels.values() for label in of_part})
    number = {label: index for index, label in enumerate(classes)}
    notes = describe_class_rows(labels, classes)
    numbers = {name: torch.tensor([number[label] for label in of_part]) for name, of_part in labels.items()}
    return numbers, classes, notes


def _encode_numbers(
    targets: dict[str, pd.Series[Any]], scale: str
) -> tuple[dict[str, Tensor], float, float, list[str]]:
    """Returns standardised numbers, mean, deviation, and a note on those that were moved.

    Robust scaling bounds extreme targets in training only; those of training as they are are returned, too.
    Raises UserError where numbers overflow.
    """
    known = {name: column.to_numpy(dtype=np.float64) for name, column in targets.items()}
    mean, std = center_and_scale(known["train"], scale)
    if overflows(list(known.values()), (mean, std)):
        largest = max(float(np.abs(numbers).max()) for numbers in known.values())
        raise too_large({str(targets["train"].name): largest}, "predict its logarithm, or rescale it")
    notes: list[str] = []
    if scale == "robust":
        bounded, notes = _bound(known["train"], mean, std)
        known |= {"train": bounded, AS_IS: known["train"]} if notes else {}
    standardised = {name: torch.from_numpy((numbers - mean) / std).float() for name, numbers in known.items()}
    return standardised, mean, std, notes


def _bound(numbers: NDArray[np.float64], median: float, spread: float) -> tuple[NDArray[np.float64], list[str]]:
    """Moves extreme numbers to the smallest and the largest of the others; returns them, and a note on those."""
    is_far = find_far(np.abs(numbers - median) / spread)
    low, high = float(numbers[~is_far].min()), float(numbers[~is_far].max())
    if not (moved := int(is_far.sum())):
        return numbers, []
    targets = "1 extreme target" if moved == 1 else f"{moved:,} extreme targets"
    note = (
        f"{targets} of the rows to train on count as {low:g} or {high:g}, the "
        "smallest and the largest of the others (dataset.scale=robust). Losses and scores while training are of "
        "these; validation, test and the final evaluation are of the targets as they are"
    )
    return np.clip(numbers, low, high), [note]


def _labels(column: pd.Series[Any]) -> list[Any]:
    """Returns numbers as they are, for they have an order, and all else as text."""
    from pandas.api.types import is_numeric_dtype

    return (column if is_numeric_dtype(column) else column.astype(str)).tolist()
