"""The measurement of energy, and the place whose electricity is counted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mgu.config.fields import ConfigModel, Matches, NonNegative, Positive

Country = Annotated[str, AfterValidator(Matches("[A-Z]{3}", "a country's ISO 3166 code, three capital letters"))]
Region = Annotated[str, AfterValidator(Matches(r"\S.*", "the name of a region, such as california"))]
PowerUsage = Annotated[float, Field(ge=1, le=10)]


class EnergyConfig(ConfigModel):
    """Configures the measurement of energy, see mgu/measure/energy.py."""

    enabled: bool = Field(description="Whether energy is measured.")
    meter: Literal["codecarbon", "zeus"] = Field(
        "codecarbon",
        description="codecarbon: counters where there are any, else a model; zeus: counters only, refused without any.",
    )
    country: Country | None = Field(
        None,
        description="Your country in three letters (ISO 3166), for its carbon intensity; null: CO2 is not computed.",
    )
    region: Region | None = Field(
        None, description="Region of the country, in the USA, Canada, China and Scandinavia; null: the whole country."
    )
    intensity_g_kwh: NonNegative | None = Field(
        None,
        description="Grams of CO2-equivalent per kWh of your electricity, in place of the country's mean; null: that.",
    )
    pue: PowerUsage = Field(
        1.0, description="Power usage effectiveness of the building, by which CO2 is multiplied; energy is not."
    )
    period_s: Positive = Field(description="Seconds between two readings of the power.")

    @model_validator(mode="after")
    def _check_region(self) -> Self:
        if self.region and not self.country:
            raise ValueError(
                f"energy.region must go with energy.country, but got the region {self.region} alone. "
                "Pass energy.country=..., such as USA."
            )
        return self

    @property
    def has_place(self) -> bool:
        """Whether CO2 can be computed."""
        return self.country is not None or self.intensity_g_kwh is not None
