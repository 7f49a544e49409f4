"""A table in memory, split and encoded: what is learned of columns and target is learned from training rows only.

Numbers are standardised, a missing one takes the median and a column of its own says so; categories become one-hot, a
missing one is a category like the others. One-hot and a dense layer after it is an embedding whose rows are summed, so
baselines and units keep their plain first layer. Of a column with many categories the rarer ones share a column of the
input, and so does what training never saw; where there are none such, an unseen category is all zeros.
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

MISSING = ""  # as a category; an empty field of a CSV is read as missing, so no other one is called so


class Table(NamedTuple):
    """`classes` in the order of the model's outputs, empty for regression, whose targets are (t - mean) / std."""

    splits: Splits
    num_inputs: int
    classes: list[Any]
    target_mean: float
    target_std: float


def encode_table(
    train: pd.DataFrame, test: pd.DataFrame, target: str, task: TaskName, split: str, max_categories: int
) -> Table:
    """Frames of rows, with the target among their columns; `split` is "paper" or "holdout", as for images.

    Raises UserError for numbers that are too large, and where the rows to train on are of one class.
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
    """A line for each part with rows that are training rows, too, target and all: they flatter what learns by heart."""
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
    largest = max(float(part[column].abs().max()) for part in parts.values())
    return UserError(
        f"numbers must stay finite when they are standardised, but {column!r} reaches {largest:.3g}: {way_out}."
    )


def _labels(column: pd.Series[Any]) -> list[Any]:
    """Numbers as they are, for they have an order; all else by name."""
    from pandas.api.types import is_numeric_dtype

    return (column if is_numeric_dtype(column) else column.astype(str)).tolist()


def _encode_inputs(parts: dict[str, pd.DataFrame], target: str, max_categories: int) -> dict[str, Tensor]:
    """(N, D) as float32 of every part, by an encoder that has seen the training rows only."""
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
    """Of scikit-learn, imported here because it takes a second that runs on images need not pay."""
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
