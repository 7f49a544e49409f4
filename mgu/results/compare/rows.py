"""Which settings of a data set decide what rows train, validate and test, and what their labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.results.compare.axes import flatten

# Settings of data sets that leave rows and labels as they are: how classes count, and how examples are encoded. Any
# other is taken to change them, so that a new one cannot be forgotten.
LEAVES_ROWS = frozenset(
    f"dataset.{name}"
    for name in (
        *("class_weights", "sampling", "drop", "max_categories", "scale"),
        *("image_shape", "fit", "embedding", "num_sampled"),
    )
)


def rows_of(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what decides which rows train, validate and test, and what their labels are.

    Args:
        dataset: The values of a data set, nested as in the YAML files.

    Returns:
        The values by dotted key.
    """
    return {key: value for key, value in flatten({"dataset": dataset}).items() if key not in LEAVES_ROWS}
