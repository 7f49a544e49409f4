"""Why a fast way to compute a call is not open to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Obstacle:
    """Says why a call cannot be computed in some way; stands in the place of the way.

    Attributes:
        reason: The reason, as the end of an error message.
    """

    reason: str
