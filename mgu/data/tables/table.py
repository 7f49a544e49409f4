"""Encoding of a table: everything that is learned about columns and target is learned from training rows only.

Numbers are standardised; a missing one takes the median, and an input of its own says so. Categories become one-hot; a
missing one is a category like the others. One-hot with a dense layer after it is an embedding whose rows are summed, so
baselines and units keep their plain first layer. Rare categories of a column share one input, as do categories that
training never saw; where a column has no rare ones, an unseen category is all zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.data.splits import Splits, hold_out
from mgu.data.tables.columns import advise_drop
from mgu.data.tables.rows import Rows
from mgu.errors import UserError
from mgu.tasks.score import TaskName

if TYPE_CHECKING:
    import pandas as pd

MISSING = ""  # a category; no other one has this name, for an empty field of a CSV is read as missing


class Table(NamedTuple):
    """Holds the encoded rows of a table, and what the encoding found.

    Attributes:
        splits: Training, validation and test rows.
        num_inputs: Width of the encoded rows.
        classes: In the order of the model's outputs; empty for regression.
        target_mean: Targets of a regression are (target - mean) / std.
        target_std: Standard deviation of the training targets.
    """

    splits: Splits
    num_inputs: int
    classes: list[Any]
    target_mean: float
    target_std: float


def encode_table(
    train: pd.DataFrame, test: pd.DataFrame, target: str, task: TaskName, split: str, max_categories: int
) -> Table:
    """Splits and encodes a table.

    Args:
        train: Rows with the target among their columns.
        test: Official test rows, likewise.
        target: Name of the column to predict.
        task: Classification or regression.
        split: "paper" validates on `test`; "holdout" on a tenth of `train`.
        max_categories: Inputs per column of categories, at most.

    Returns:
        The encoded rows.

    Raises:
        UserError: Numbers are too large, or all rows to train on are of one class.
    """
    parts = {"train": train, "val": test}
    if split == "holdout":
        rest, held_out = (index.numpy() for index in hold_out(len(train), max(len(train) // 10, 1)))
        parts = {"train": train.iloc[rest], "val": train.iloc[held_out], "test": test}
    if task == "classification" and parts["train"][target].nunique() < 2:
        raise UserError(
            f"rows to train on must be of two classes, but all {len(parts['train']):,} of them are of one. "
            "Hold out fewer (dataset.test_share), or add rows."
        )
    inputs = _encode_inputs(parts, target, max_categories)
    classes, mean, std = [], 0.0, 1.0
    if task == "classification":
        classes = sorted({*_labels(train[target]), *_labels(test[target])})
        number = {label: index for index, label in enumerate(classes)}
        targets = {name: torch.tensor([number[y] for y in _labels(part[target])]) for name, part in parts.items()}
    else:
        known = {name: part[target].to_numpy(dtype=np.float64) for name, part in parts.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = float(known["train"].mean()), float(known["train"].std()) or 1.0
            targets = {name: torch.from_numpy((own - mean) / std).float() for name, own in known.items()}
        if not all(np.isfinite([mean, std])) or not all(own.isfinite().all() for own in targets.values()):
            raise _too_large(target, parts, "predict its logarithm, or rescale it")
    rows = {name: Rows(inputs[name], targets[name]) for name in parts}
    splits = Splits(rows["train"], rows["val"], rows.get("test"), _find_copies(parts))
    return Table(splits, inputs["train"].shape[1], classes, mean, std)


def _find_copies(parts: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """Returns a note for each part with rows that equal training rows, target included, for they reward memorising."""
    from pandas.util import hash_pandas_object

    hashes = {name: hash_pandas_object(part, index=False) for name, part in parts.items()}
    counts = {name: int(own.isin(hashes["train"]).sum()) for name, own in hashes.items() if name != "train"}
    titles = {"val": "validation", "test": "test"}
    return tuple(
        f"{count:,} of {len(parts[name]):,} {titles[name]} rows are also training rows"
        for name, count in counts.items()
        if count
    )


def _too_large(column: str, parts: dict[str, pd.DataFrame], way_out: str) -> UserError:
    """Returns the error for a column whose numbers overflow."""
    largest = max(float(part[column].abs().max()) for part in parts.values())
    return UserError(
        f"numbers must stay finite when they are standardised, but {column!r} reaches {largest:.3g}: {way_out}."
    )


def _labels(column: pd.Series[Any]) -> list[Any]:
    """Returns numbers as they are, for they have an order, and all else as text."""
    from pandas.api.types import is_numeric_dtype

    return (column if is_numeric_dtype(column) else column.astype(str)).tolist()


def _encode_inputs(parts: dict[str, pd.DataFrame], target: str, max_categories: int) -> dict[str, Tensor]:
    """Encodes each part as (N, D) float32, by an encoder that is fitted to the training rows only."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    features = {name: part.drop(columns=target) for name, part in parts.items()}
    is_number = {
        str(column): is_numeric_dtype(dtype) and not is_bool_dtype(dtype)
        for column, dtype in features["train"].dtypes.items()
    }
    numbers = [column for column in is_number if is_number[column]]
    categories = [column for column in is_number if not is_number[column]]
    encoder = _build_encoder(numbers, categories, max_categories)

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        known = frame[categories].notna()
        names = frame[categories].astype("object").where(known, MISSING).map(str)
        return frame[numbers].astype("float64").join(names)

    with np.errstate(over="ignore", invalid="ignore"):
        encoder.fit(prepared(features["train"]))
        encoded = {
            name: torch.from_numpy(np.ascontiguousarray(encoder.transform(prepared(frame)), dtype=np.float32))
            for name, frame in features.items()
        }
    scales = encoder.named_transformers_["numbers"][-1].scale_ if numbers else np.ones(1)
    if not np.isfinite(scales).all() or not all(rows.isfinite().all() for rows in encoded.values()):
        worst = max(numbers, key=lambda column: max(frame[column].abs().max() for frame in features.values()))
        raise _too_large(worst, features, f"rescale it, or leave it out with {advise_drop(worst)}")
    return encoded


def _build_encoder(numbers: list[str], categories: list[str], max_categories: int) -> Any:
    """Returns an encoder of scikit-learn, whose import takes a second that runs on images do not need."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=max_categories, sparse_output=False, dtype=np.float32
    )
    return ColumnTransformer(
        [("numbers", make_pipeline(impute, StandardScaler()), numbers), ("categories", one_hot, categories)]
    )
