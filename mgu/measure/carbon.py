"""CO2 of energy: the carbon intensity of the place that was configured, and where its figure comes from."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, NamedTuple

from mgu.config.energy import EnergyConfig
from mgu.results.schema.energy import CONFIGURED


class Location(NamedTuple):
    """Holds what CO2 is computed by.

    Attributes:
        intensity_g_kwh: Grams of CO2-equivalent per kWh; None where no place was set, and CO2 is not computed.
        intensity_by: Where that figure comes from.
        country: ISO 3166 code.
        region: Region of the country.
        pue: Power usage effectiveness of the building.
    """

    intensity_g_kwh: float | None = None
    intensity_by: str | None = None
    country: str | None = None
    region: str | None = None
    pue: float = 1.0

    def fields_of(self, kwh: float) -> dict[str, Any]:
        """Returns the fields of `Energy` on the emissions of all parts.

        Args:
            kwh: Energy of all parts together.
        """
        known = self.intensity_g_kwh
        return {"emissions_kg": None if known is None else kwh * self.pue * known / 1000, **self._asdict()}


def find_location(config: EnergyConfig) -> Location:
    """Finds the carbon intensity of the configured place.

    Args:
        config: Its intensity counts before that of its region, which counts before that of its country.

    Returns:
        The place; one without intensity where none is set.
    """
    if config.intensity_g_kwh is not None:
        return Location(config.intensity_g_kwh, CONFIGURED, config.country, config.region, config.pue)
    if config.country is None:
        return Location(pue=config.pue)
    from mgu.measure.codecarbon_instrument import carbon_intensity  # needs pandas, which zeus does not

    of = "region" if config.region else "country"
    by = f"the figure of codecarbon {version('codecarbon')} for the {of}"
    if config.country == "CAN" and config.region:  # findings/codecarbon-counts-clean-power-as-nothing-in-canada-only.sh
        by += ", with 0 g for water, wind, sun and nuclear power, as only in Canada"
    return Location(carbon_intensity(config.country, config.region), by, config.country, config.region, config.pue)
