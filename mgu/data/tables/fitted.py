"""What the fitted encoder of scikit-learn has learned, as plain numbers and names: whoever predicts does without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgu.results.on_disk.preprocessing import CategoryColumn, Columns, NumberColumn


def read_encoder(encoder: Any, numbers: Sequence[str], categories: Sequence[str]) -> Columns:
    """Reads the encoder of inputs.py.

    Args:
        encoder: A ColumnTransformer that is fitted.
        numbers: Names of its columns of numbers.
        categories: Names of its columns of categories.

    Returns:
        How each column becomes inputs; mgu/data/tables/encoding.py computes the same numbers from it.
    """
    steps = encoder.named_transformers_
    bound: float | None = None
    number_columns: list[NumberColumn] = []
    if numbers:
        number_columns, bound = _read_numbers(dict(steps["numbers"].named_steps), numbers)
    category_columns = _read_categories(steps["categories"], categories) if categories else []
    return Columns(numbers=number_columns, categories=category_columns, bound=bound)


def _read_numbers(steps: dict[str, Any], names: Sequence[str]) -> tuple[list[NumberColumn], float | None]:
    """Returns the columns, and the bound of robustly scaled ones."""
    impute, bounded, standard = steps["simpleimputer"], steps.get("boundedscaler"), steps.get("standardscaler")
    shifts = np.zeros(len(names))
    filled, flagged = impute.statistics_, [int(index) for index in impute.indicator_.features_]
    if bounded is not None:
        from mgu.data.tables.robust import BOUND

        centers, scales, fills, bound = bounded.center_, bounded.scale_, filled, BOUND
        flags = dict.fromkeys(flagged, (0.0, 1.0))
    else:
        assert standard is not None  # the two ways of _build_encoder
        centers, scales, bound = standard.mean_, standard.scale_, None
        shifts = steps["shifter"].shift_[: len(names)]
        fills = (filled - shifts - centers[: len(names)]) / scales[: len(names)]
        flags = {
            index: (float(centers[flag]), float(scales[flag])) for flag, index in enumerate(flagged, start=len(names))
        }
    columns = [
        NumberColumn(
            name=name,
            center=float(centers[index]),
            scale=float(scales[index]),
            fill=float(fills[index]),
            missing=flags.get(index),
            shift=float(shifts[index]),
        )
        for index, name in enumerate(names)
    ]
    return columns, bound


def _read_categories(one_hot: Any, names: Sequence[str]) -> list[CategoryColumn]:
    columns = []
    for name, known, rare in zip(names, one_hot.categories_, _rare_ones(one_hot, len(names)), strict=True):
        values = [str(value) for value in known if value not in rare]
        columns.append(CategoryColumn(name=name, values=values, rare=sorted(rare), has_other=bool(rare)))
    return columns


def _rare_ones(one_hot: Any, count: int) -> list[set[str]]:
    """Returns the categories of each column that share one input."""
    rare = getattr(one_hot, "infrequent_categories_", [None] * count)
    return [set() if values is None else {str(value) for value in np.asarray(values)} for values in rare]
