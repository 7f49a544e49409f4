"""Names of users and items as texts: what stands for the same in two files has the same name. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mgu.results.preprocessing import Entities


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
    """
    are_numbers = all(isinstance(name, int | float) and not isinstance(name, bool) for name in names)
    return Entities(
        column=column,
        names=[as_name(name, are_numbers) for name in names],
        are_numbers=are_numbers,
        aliases=dict(aliases or {}),
        untrained=[number for number, is_trained in enumerate(trained) if not is_trained],
        features=features if features and features[0] else [],
    )


def as_name(value: Any, is_number: bool) -> str:
    """Returns the name that a cell stands for; of numbers 7, 7.0 and "7" are one.

    Args:
        value: The cell.
        is_number: Whether the names of its column are numbers.
    """
    if not is_number:
        return str(value).strip()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value).strip()
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)
