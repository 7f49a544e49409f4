"""Cells far outside of their column's spread, such as numbers that a locale or a sensor has damaged.

A column may have a long tail by nature (fares, prices, sales), so an extreme cell is reported and not refused, except
for a target beside which nothing of the others is left. Spread is measured robustly, by the quartiles of the training
rows, which the cells themselves hardly move.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mgu.data.tables.advice import NAMED, join_and
from mgu.data.tables.close import CLOSE
from mgu.data.tables.dates import write_date
from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FAR = 1000.0  # robust deviations that log-normal columns (sigma up to 2) do not reach
ISOLATED = 50.0  # robust deviations that are extreme where a gap lies before them
GAP = 10.0  # so many times as far as the next nearer cell
LOST = 2.0**23  # robust deviations at which one deviation is the last bit of float32
RESOLUTION = 2.0**-10  # a step of float64 in robust deviations, above which scores would show it
NORMAL_IQR = 1.349  # interquartile range of a normal distribution in standard deviations


class Extreme(NamedTuple):
    """Describes the extreme cells of one column.

    Attributes:
        column: Name of the column.
        cells: Number of extreme cells.
        row: Number of the row with the farthest one, counted from 1 below the header.
        value: That cell.
    """

    column: str
    cells: int
    row: int
    value: float


def robust_spread(known: NDArray[np.float64]) -> tuple[float, float]:
    """Returns the median and the robust standard deviation of finite numbers.

    Where half of the numbers are equal, the deviation is the median distance of the others; 1 where there are none.
    """
    if not len(known):
        return 0.0, 1.0
    low, median, high = (float(value) for value in np.quantile(known, [0.25, 0.5, 0.75]))
    spread = high / NORMAL_IQR - low / NORMAL_IQR  # the difference may overflow
    if spread < CLOSE * abs(median):
        spread = (high - low) / NORMAL_IQR  # which would be the rounding of the two
    if spread:
        return median, spread
    distances = np.abs(known[known != median] - median)
    return median, float(np.median(distances)) if len(distances) else 1.0


def find_far(distances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Returns which cells are extreme.

    Args:
        distances: Distance of each cell of a column from the median in robust deviations; 0 for a missing cell.
    """
    ordered = np.sort(distances)
    nearer = np.concatenate([[0.0], ordered[:-1]])
    is_far = (ordered > FAR) | ((ordered >= ISOLATED) & (ordered >= GAP * nearer))
    return distances >= ordered[is_far.argmax()] if is_far.any() else np.zeros(len(distances), dtype=bool)


def find_extremes(parts: dict[str, pd.DataFrame], columns: list[str]) -> list[Extreme]:
    """Finds the extreme cells of columns of numbers.

    Args:
        parts: Rows by their use, "train" among them; their index numbers the rows of the file from 0.
        columns: Names of columns of numbers.
    """
    rows = np.concatenate([part.index.to_numpy() for part in parts.values()])
    extremes = []
    for name in columns:
        by_part = {part: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for part, frame in parts.items()}
        numbers = np.concatenate(list(by_part.values()))
        median, spread = robust_spread(by_part["train"][np.isfinite(by_part["train"])])
        with np.errstate(over="ignore"):
            distances = np.nan_to_num(np.abs(numbers - median) / spread, nan=0.0, posinf=np.inf)
        is_extreme = find_far(distances)
        if count := int(is_extreme.sum()):
            worst = int(distances.argmax())
            extremes.append(Extreme(name, count, int(rows[worst]) + 1, float(numbers[worst])))
    return extremes


def check_target(parts: dict[str, pd.DataFrame], target: str) -> None:
    """Raises UserError for a target so far outside that, standardised, the others could not be told apart.

    A model would learn one constant, and every score would be of this cell alone. A long tail does not reach so far.

    Args:
        parts: Rows by their use, "train" among them; their index numbers the rows of the file from 0.
        target: Name of the column to predict, of finite numbers.
    """
    median, spread = robust_spread(parts["train"][target].to_numpy(dtype=np.float64))
    for extreme in find_extremes(parts, [target]):
        if abs(extreme.value - median) > LOST * spread:
            raise UserError(
                f"targets must be of one scale, but {target!r} is {extreme.value:.6g} in row {extreme.row:,}, counted "
                f"below the header, and usually {median:.6g} ± {spread:.2g} (median and robust deviation): nothing of "
                "such differences would be left. Correct it in the file, or pass dataset.scale=robust, which bounds it "
                "in training but not in scores."
            )


def check_resolution(targets: NDArray[np.float64], target: str) -> None:
    """Raises UserError for targets so large and so close that float64, which all errors are computed in, rounds them.

    Args:
        targets: Those of the training rows.
        target: Name of their column.
    """
    median, spread = robust_spread(targets)
    if (step := float(np.spacing(abs(median)))) > RESOLUTION * spread:
        raise UserError(
            f"targets must differ by more than float64 can tell, but {target!r} is usually {median:.6g} ± "
            f"{spread:.2g} (median and robust deviation), where numbers are {step:.2g} apart. "
            "Subtract a number from all of them in the file."
        )


def describe_extremes(extremes: list[Extreme], target: str, scale: str, dates: Sequence[str] = ()) -> str:
    """Describes extreme cells, and what to do about them.

    Args:
        extremes: The extreme cells by column.
        target: Name of the column to be predicted.
        scale: dataset.scale.
        dates: Columns that have days since 1970-01-01.

    Returns:
        One line.
    """
    of_columns = [
        f"{extreme.column!r}{' (the target)' if extreme.column == target else ''} has {extreme.cells:,} "
        f"({'' if extreme.cells == 1 else 'the farthest is '}{_written(extreme, dates)} in row {extreme.row:,})"
        for extreme in extremes[:NAMED]
    ]
    more = [f"{len(extremes) - NAMED} more columns have some"] if len(extremes) > NAMED else []
    way_out = "Correct them in the file, or bound them in training with dataset.scale=robust"
    if scale == "robust":
        way_out = "dataset.scale=robust bounds them in training"
    some = join_and(of_columns + more)
    return f"cells far outside of their column's spread: {some}, counted below the header. {way_out}"


def _written(extreme: Extreme, dates: Sequence[str]) -> str:
    return write_date(extreme.value) if extreme.column in dates else f"{extreme.value:.6g}"
