"""Numbers that are close to one another beside their size: times in seconds, identifiers, coordinates in millimetres.

scikit-learn's StandardScaler takes such a column for a constant where its deviation is below rows x mean x 2^-52, and
leaves it as large as it is. The differences themselves are exact in float64, so they are what is scaled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mgu.data.tables.advice import advise_drop, join_some

if TYPE_CHECKING:
    import pandas as pd

CLOSE = 2.0**-20  # deviation beside the median, below which a median is subtracted first
LARGEST_EXACT = 2**53  # up to here a float64 has every whole number


def find_shifts(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns what is subtracted from each column before anything else, (D,): its median where it is close, else 0.

    Args:
        numbers: Columns (N, D) of finite numbers.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        medians = np.median(numbers, axis=0)
        spreads = (numbers - medians).std(axis=0)
    is_close = (spreads > 0) & (spreads < CLOSE * np.abs(medians))
    return np.where(is_close, medians, 0.0)


def build_shifter() -> Any:
    """Returns the transformer that subtracts; it derives from scikit-learn, whose import takes a second."""
    from sklearn.base import BaseEstimator, TransformerMixin

    class Shifter(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
        """Subtracts from columns (N, D) what `find_shifts` found in training."""

        def fit(self, numbers: Any, _: Any = None) -> Self:
            self.shift_ = find_shifts(np.asarray(numbers, dtype=np.float64))
            return self

        def transform(self, numbers: Any) -> NDArray[np.float64]:
            shifted = np.asarray(numbers, dtype=np.float64)
            return shifted - self.shift_ if self.shift_.any() else shifted

    return Shifter()


def describe_rounded(parts: dict[str, pd.DataFrame], numbers: list[str], target: str) -> tuple[str, ...]:
    """Returns a note that names columns of whole numbers whose last digits a float64 does not have; () without any.

    Args:
        parts: Rows by their use.
        numbers: Names of their columns of numbers.
        target: Name of the column to be predicted, which cannot be left out.
    """
    import pandas as pd

    columns = {name: pd.concat([part[name] for part in parts.values()]) for name in numbers if _is_beyond(parts, name)}
    rounded = {name: example for name, column in columns.items() if (example := _find_rounded(column))}
    if not rounded:
        return ()
    some = join_some([f"{name!r} ({example})" for name, example in rounded.items()])
    others = [name for name in rounded if name != target]
    drop = f"; or leave them out with {advise_drop(others)}" if others else ""
    return (
        f"whole numbers beyond 2^53 are rounded: {some}. If their last digits matter, subtract a number from all of "
        f"them in the file, or put a letter before each if they are names{drop}",
    )


def _is_beyond(parts: dict[str, pd.DataFrame], name: str) -> bool:
    """Returns whether a column has finite numbers beyond 2^53."""
    columns = [part[name].to_numpy(dtype=np.float64, na_value=np.nan) for part in parts.values()]
    return any(bool((np.isfinite(values) & (np.abs(values) >= LARGEST_EXACT)).any()) for values in columns)


def _find_rounded(column: pd.Series[Any]) -> str | None:
    """Describes the first number of a column that is rounded; None where each is as it was.

    Of what was read as floating-point numbers only those tell that are close: of others the last digits are nothing.
    """
    known = column.dropna()
    values = known.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values)]
    if column.dtype.kind == "f":
        return f"such as {finite[0]:.0f}" if find_shifts(finite[:, None])[0] else None
    is_beyond = np.abs(values) >= LARGEST_EXACT
    whole = ((int(number), int(float(number))) for number in known[is_beyond])
    return next((f"{number} counts as {rounded}" for number, rounded in whole if number != rounded), None)
