"""Arrays of any library as NumPy arrays of numbers; what would lose or hide values on the way is refused."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mgu.errors import UserError
from mgu.text.agree import agree

KINDS = "buif"  # of NumPy: truth values, whole numbers with and without a sign, floating-point numbers


def as_numbers(value: Any, what: str, for_words: str = "Encode them.") -> NDArray[Any]:
    """Returns what holds an array as one of NumPy; missing values of nullable columns are NaN.

    Args:
        value: An array, a column or frame of pandas or the like, a sparse matrix, or lists of numbers.
        what: It, in the plural, for messages.
        for_words: What to do about words, a sentence.

    Returns:
        The array, which may share the memory of `value`.

    Raises:
        UserError: It holds something else, or values are masked.
    """
    if value is None:
        raise UserError(f"{what} must be an array of numbers, but are None. Give one.")
    if is_sparse(value):
        raise UserError(
            f"{what} must be a dense array, but are a {type(value).__name__}. Convert them, as by .toarray()."
        )
    try:
        array = _of_columns(value) if hasattr(value, "to_numpy") else np.asarray(value)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{what} must be an array of numbers, but {reason}. Correct them.") from None
    if array.dtype.kind == "O":
        raise UserError(f"{what} must be numbers, but {_describe_objects(array, for_words)}")
    if array.dtype.kind in "US":
        raise UserError(f"{what} must be numbers, but are {array.dtype}. {for_words}")
    if array.dtype.kind not in KINDS:
        raise UserError(f"{what} must be real numbers, but are {array.dtype}. Convert them.")
    if masked := _count_masked(value):
        fill = "" if "targets" in what else ", or fill in numbers, as by .filled(0)"
        raise UserError(
            f"{what} must have all of their values, but {masked:,} of {array.size:,} {agree(masked, 'is', 'are')} "
            f"masked. Leave these examples out{fill}."
        )
    return array


def is_sparse(value: Any) -> bool:
    """Tells whether a value is a matrix that keeps only what is not zero, as those of SciPy."""
    return hasattr(value, "toarray") and hasattr(value, "nnz")


def _count_masked(value: Any) -> int:
    """Counts the values that an array or arrays in lists have, but do not show: NumPy would go on with the former."""
    if isinstance(value, list | tuple):
        return sum(map(_count_masked, value))
    return int(np.ma.count_masked(value)) if isinstance(value, np.ma.MaskedArray) else 0


def _of_columns(value: Any) -> NDArray[Any]:
    """Returns the numbers of a column or frame: of nullable columns, and of several types, pandas makes objects."""
    array: NDArray[Any] = value.to_numpy()
    types = [*getattr(value, "dtypes", [])] if getattr(value, "ndim", 1) == 2 else [getattr(value, "dtype", None)]
    if array.dtype.kind != "O" or not all(getattr(dtype, "kind", "O") in KINDS for dtype in types):
        return array
    if bool(np.asarray(value.isna()).any()):
        filled: NDArray[Any] = value.to_numpy(dtype=float, na_value=np.nan)
        return filled
    common = np.result_type(*(getattr(dtype, "numpy_dtype", dtype) for dtype in types))
    whole: NDArray[Any] = value.to_numpy(dtype=common)
    return whole


def _describe_objects(array: NDArray[Any], for_words: str) -> str:
    """Says what other objects than numbers an array has, and what to do."""
    odd = [each for each in array.flat if not isinstance(each, Real | np.bool_)]
    if not odd:
        return "have dtype object. Convert them, as by astype(float)."
    missing = [each for each in odd if each is None or type(each).__name__ in ("NAType", "NaTType")]
    if len(missing) == len(odd):
        count = f"{len(odd):,} of {array.size:,} {agree(len(odd), 'is', 'are')} missing"
        return f"{count} ({missing[0]}). Leave these examples out, or fill in numbers."
    other = next(each for each in odd if not any(each is gap for gap in missing))
    if isinstance(other, str):
        return f"are words, such as {other[:30]!r}. {for_words}"
    return f"one is a {type(other).__name__}. Convert them."
