"""Encoding of the columns to learn from, by an encoder that is fitted to the training rows only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor

from mgu.data.tables.advice import advise_drop, join_and
from mgu.data.tables.close import build_shifter
from mgu.data.tables.columns import is_number
from mgu.data.tables.cycles import find_cycles, on_circle
from mgu.data.tables.extremes import robust_spread
from mgu.data.tables.fitted import read_encoder
from mgu.errors import UserError
from mgu.results.on_disk.preprocessing import Columns, DateColumn

if TYPE_CHECKING:
    import pandas as pd

MISSING = ""  # a category; no other one has this name, for an empty field of a CSV is read as missing
LARGEST = float(np.finfo(np.float32).max)


def encode_inputs(
    features: dict[str, pd.DataFrame], scale: str, max_categories: int, dates: Sequence[str] = ()
) -> tuple[dict[str, Tensor], Columns]:
    """Encodes rows without their target.

    Args:
        features: Rows by their use, "train" among them.
        scale: "standard" or "robust", see `dataset.scale`.
        max_categories: Inputs per column of categories, at most.
        dates: Columns that have days since 1970-01-01, of which further inputs are made.

    Returns:
        Each part as (N, D) float32, and what the encoder has learned of the columns.

    Raises:
        UserError: Numbers are too large to be scaled.
    """
    names = [str(name) for name in features["train"].columns]
    numbers = [name for name in names if is_number(features["train"][name])]
    categories = [name for name in names if name not in numbers]
    if scale == "standard":
        _check_range(features, numbers)
    encoder = _build_encoder(numbers, categories, scale, max_categories)

    def prepared(frame: pd.DataFrame) -> pd.DataFrame:
        known = frame[categories].notna()
        words = frame[categories].astype("object").where(known, MISSING).map(str)
        return frame[numbers].astype("float64").join(words)

    encoder.fit(prepared(features["train"]))
    encoded = {
        name: torch.from_numpy(np.ascontiguousarray(encoder.transform(prepared(frame)), dtype=np.float32))
        for name, frame in features.items()
    }
    date_columns, circles = _encode_dates(features, dates)
    with_circles = {name: torch.cat([inputs, *circles[name]], dim=1) for name, inputs in encoded.items()}
    return with_circles, replace(read_encoder(encoder, numbers, categories), dates=date_columns)


def _encode_dates(
    features: dict[str, pd.DataFrame], dates: Sequence[str]
) -> tuple[list[DateColumn], dict[str, list[Tensor]]]:
    """Returns the cycles of each column of dates, and its points (N, 2) on these by the use of the rows."""
    days = {
        part: {name: torch.tensor(frame[name].to_numpy(float)) for name in dates} for part, frame in features.items()
    }
    columns = [DateColumn(name=name, cycles=find_cycles(days["train"][name])) for name in dates]
    circles = {
        part: [on_circle(of_part[column.name], cycle).float() for column in columns for cycle in column.cycles]
        for part, of_part in days.items()
    }
    return columns, circles


def center_and_scale(targets: NDArray[np.float64], scale: str) -> tuple[float, float]:
    """Returns what standardises the targets of a regression: mean and standard deviation, or their robust kin."""
    if scale == "robust":
        return robust_spread(targets)
    with np.errstate(over="ignore", invalid="ignore"):
        return float(targets.mean()), float(targets.std()) or 1.0


def overflows(parts: list[NDArray[np.float64]], scale: tuple[float, float]) -> bool:
    """Returns whether numbers cannot be held in float32 once they are standardised."""
    mean, std = scale
    if not np.isfinite([mean, std]).all():
        return True
    with np.errstate(over="ignore"):
        return any(bool((np.abs((numbers - mean) / std) > LARGEST).any()) for numbers in parts)


def too_large(largest: dict[str, float], way_out: str) -> UserError:
    """Returns the error for columns whose numbers overflow; takes the largest number of each."""
    reached = join_and([f"{name!r} reaches {number:.3g}" for name, number in largest.items()])
    return UserError(f"numbers must stay finite when they are standardised, but {reached}: {way_out}.")


def _check_range(features: dict[str, pd.DataFrame], numbers: list[str]) -> None:
    """Raises UserError for all columns whose numbers overflow."""
    largest = {}
    for name in numbers:
        parts = {part: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for part, frame in features.items()}
        train = parts["train"][~np.isnan(parts["train"])]
        if len(train) and overflows(list(parts.values()), center_and_scale(train, "standard")):
            largest[name] = max(
                float(np.nanmax(np.abs(column))) for column in parts.values() if not np.isnan(column).all()
            )
    if largest:
        way_out = (
            f"rescale them, bound them with dataset.scale=robust, or leave them out with {advise_drop([*largest])}"
        )
        raise too_large(largest, way_out)


def _build_encoder(numbers: list[str], categories: list[str], scale: str, max_categories: int) -> Any:
    """Returns an encoder of scikit-learn, whose import takes a second that runs on images do not need."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from mgu.data.tables.robust import BoundedScaler

    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    steps = [BoundedScaler(), impute] if scale == "robust" else [impute, build_shifter(), StandardScaler()]
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=max_categories, sparse_output=False, dtype=np.float32
    )
    return ColumnTransformer([("numbers", make_pipeline(*steps), numbers), ("categories", one_hot, categories)])
