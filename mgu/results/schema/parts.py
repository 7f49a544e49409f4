"""What the schemas of all files of a run are made of: the base of their records, and types of numbers."""

from __future__ import annotations

from typing import Annotated

import msgspec

JOULES_PER_KWH = 3.6e6
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1 + 1e-9)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]  # of seconds, kilowatt-hours, kilograms or watts
NonNegative = Annotated[float, msgspec.Meta(ge=0)]  # without a unit: of any size
Error = Annotated[float, msgspec.Meta(ge=-1e-9)]  # none is below 0 but for rounding
Number = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


def about(description: str) -> msgspec.Meta:
    """Describes a field, for docs/reference/result.md.

    Args:
        description: A sentence, with the unit of the field.

    Returns:
        An annotation for msgspec.
    """
    return msgspec.Meta(description=description)


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Serves as the base of all parts of a result; refuses unknown keys, which mean another schema version.

    msgspec, not pydantic as for the configuration: it imports fast, and reads ten thousand files in a second.
    """
