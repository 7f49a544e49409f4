"""The measurement of energy."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from mgu.config.fields import ConfigModel, Matches, Positive

Country = Annotated[str, AfterValidator(Matches("[A-Z]{3}", "a country's ISO 3166 code, three capital letters"))]


class EnergyConfig(ConfigModel):
    """Configures the measurement of energy, see mgu/measure/energy.py."""

    enabled: bool = Field(description="Whether energy is measured.")
    country: Country = Field(description="Country whose carbon intensity counts, as an ISO 3166 code of three letters.")
    period_s: Positive = Field(description="Seconds between two readings of the power.")
