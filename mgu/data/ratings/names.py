"""Names of users and items as texts: what stands for the same in two files has the same name. Imports no torch."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral
from typing import Any

from mgu.errors import UserError
from mgu.results.on_disk.preprocessing import Entities
from mgu.text.printable import printable

LARGEST_EXACT = 2**53  # up to here a float64 has every whole number
NUMBER = r"[-+]?(0|[1-9]\d*)(\.\d*)?([eE][-+]?\d{1,2})?"  # 0012 is a code, and not the number 12


def describe_entities(
    column: str,
    names: Sequence[Any],
    trained: Iterable[bool],
    features: list[list[float]],
    aliases: Mapping[str, str] | None = None,
) -> Entities:
    """Describes the users or the items of a run.

    Args:
        column: Name of their column.
        names: Their names as they are in the file, in the order of their numbers.
        trained: Whether each occurs in the training examples.
        features: Features of each; empty where there are none.
        aliases: Other names, and the name that they stand for.

    Raises:
        UserError: Two of them have one name.
    """
    return Entities(
        column=column,
        names=name_apart(column, names),
        are_numbers=_are_numbers(names),
        aliases=dict(aliases or {}),
        untrained=[number for number, is_trained in enumerate(trained) if not is_trained],
        features=features if features and features[0] else [],
        are_exact=True,
    )


def name_apart(column: str, names: Sequence[Any]) -> list[str]:
    """Returns the names of users or items as texts.

    Args:
        column: Name of their column.
        names: Their names as they are in the file.

    Raises:
        UserError: Two of them have one name, or a float64 cannot tell them from others.
    """
    are_numbers = _are_numbers(names)
    cells: dict[str, Any] = {}
    for cell in names:
        if isinstance(cell, float) and abs(cell) >= LARGEST_EXACT:
            raise UserError(
                f"names must be told apart, but {column!r} has {cell!r}, beyond 2^53, where numbers with a decimal "
                "point or an exponent are rounded. Write them as whole numbers of up to 19 digits, or put a letter "
                "before each."
            )
        name = as_name(cell, are_numbers)
        if name in cells:
            raise UserError(
                f"names must differ in more than blanks, but {column!r} has {printable(repr(cells[name]))} and "
                f"{printable(repr(cell))}. Write them alike if they are one, and otherwise if they are not."
            )
        cells[name] = cell
    return [*cells]


def check_names(entities: Entities) -> None:
    """Raises UserError for names that an earlier version rounded, so that one stands for several, or for another."""
    if entities.are_exact or not entities.are_numbers:
        return
    if rounded := next((name for name in entities.names if _is_beyond(name)), None):
        raise UserError(
            f"RUN must have the exact names of users and items, but an earlier version rounded those of "
            f"{entities.column!r} beyond 2^53, such as {rounded}: it would answer for others. Train it again with "
            "force=true."
        )


def _is_beyond(name: str) -> bool:
    try:
        return abs(float(name)) >= LARGEST_EXACT
    except ValueError:
        return False


def _are_numbers(names: Sequence[Any]) -> bool:
    return all(isinstance(name, int | float) and not isinstance(name, bool) for name in names)


def as_name(value: Any, is_number: bool) -> str:
    """Returns the name that a cell stands for; of numbers 7, 7.0 and "7" are one, and 0012 is none.

    Whole numbers are exact, of any size; a float beyond 2^53 may have been rounded, and names none.

    Args:
        value: The cell.
        is_number: Whether the names of its column are numbers.

    Returns:
        The name as text, without blanks at its ends; of a whole number its digits.
    """
    if not is_number:
        return str(value).strip()
    if isinstance(value, Integral):
        return str(int(value))
    text = str(value).strip()
    if isinstance(value, str):
        number = Decimal(text) if re.fullmatch(NUMBER, text, re.ASCII) else None
        if number is None:
            return text
        return str(int(number)) if number == number.to_integral_value() else str(float(number))
    try:
        real = float(value)
    except (TypeError, ValueError):
        return text
    is_whole = math.isfinite(real) and real == int(real) and abs(real) < LARGEST_EXACT
    return str(int(real)) if is_whole else str(real)
