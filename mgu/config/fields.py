"""Parts of a run's configuration: what all of them share, and those that are not about images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NAME = r"^\w[\w.-]*$"  # becomes part of a path


Count = Annotated[int, Field(gt=0, lt=2**63)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Activation = Literal["selu", "relu", "gelu", "silu", "tanh"]


class Section(BaseModel):
    """A part of the configuration: unknown keys and wrong types are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="strings")
