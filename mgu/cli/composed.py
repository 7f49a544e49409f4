"""What a job of a sweep is composed to."""

from __future__ import annotations

from typing import Any, NamedTuple

FrozenOverrides = tuple[str, ...]  # of one job, as a key


class Composed(NamedTuple):
    """Holds what a job was composed to.

    Attributes:
        values: The resolved configuration.
        is_plain: Whether each value depends on at most one other one.
    """

    values: dict[str, Any]
    is_plain: bool
