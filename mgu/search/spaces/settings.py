"""Reads the settings of a space, `space.*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError


def whole(settings: Mapping[str, Any], name: str, least: int, default: int | None = None) -> int:
    """Returns a whole number among the settings of a space.

    Args:
        settings: `space.*`.
        name: Its name.
        least: The smallest legal value.
        default: What it is where it is not set.

    Raises:
        UserError: It is none, or too small.
    """
    value = settings.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UserError(
            f"space.{name} must be a whole number from {least}, but got {value!r}. Pass space.{name}={max(least, 1)}."
        )
    return value
