"""Bounds interpolations, `${key}`, before they are resolved: values that name others several times multiply."""

from __future__ import annotations

import math
from typing import Any

from mgu.errors import UserError

MAX_COPIES = 10_000


def check_interpolations(values: Any) -> None:
    """Checks that interpolations do not multiply values without bound.

    Args:
        values: Unresolved values, nested as in the YAML files, or a list of overrides.

    Raises:
        UserError: They may.
    """
    if _count_copies(values) > MAX_COPIES:
        raise UserError(
            f"interpolations must not copy a value more than {MAX_COPIES:,} times, but those of this configuration "
            "may. Write values out instead of ${...}."
        )


def _count_copies(values: Any) -> int:
    """Returns an upper bound: the product of how many interpolations each text and each section has."""
    if isinstance(values, str):
        return max(1, values.count("${"))
    parts: list[Any] = []
    if isinstance(values, dict | list):
        parts = list(values.values() if isinstance(values, dict) else values)
    named = sum(part.count("${") for part in parts if isinstance(part, str))
    return max(1, named) * math.prod(_count_copies(part) for part in parts)
