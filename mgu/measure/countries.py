"""The places whose carbon intensity codecarbon knows, found without importing it: a refusal need not wait for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mgu.config.energy import EnergyConfig
from mgu.errors import UserError, how_to_install
from mgu.text.nearest import did_you_mean

FOLDER = "data/private_infra"  # in codecarbon
COUNTRIES = "global_energy_mix.json"  # by ISO 3166 code
# Files of regions by country.
REGIONS = {
    "USA": "2023/usa_emissions.json",
    "CAN": "2023/canada_energy_mix.json",
    "CHN": "2023/china_provincial_emissions.json",
    **dict.fromkeys(("SWE", "NOR", "FIN"), "nordic_emissions.json"),
}
NORDIC = {"SWE": "se", "NOR": "no", "FIN": "fi"}  # how the names of their regions begin
NO_PLACE = (
    "CO2 is not computed, for energy.country is not set. Set your country in three letters, as in MGU_COUNTRY=DEU or "
    "energy.country=DEU; energy is measured all the same."
)


def check_early(config: EnergyConfig) -> None:
    """Checks the place and the meter of a run, as far as that can be told without importing codecarbon.

    Args:
        config: How energy is measured.

    Raises:
        UserError: The country or its region is unknown, or zeus is not installed.
    """
    if config.enabled and config.meter == "zeus" and find_spec("zeus") is None:
        raise UserError(
            "energy=zeus must have the package zeus, but it is not installed. "
            f"{how_to_install('zeus')} Or pass energy=codecarbon."
        )
    if config.country and (known := _read(COUNTRIES)):
        refuse_unknown(config.country, known)
        _check_region(config.country, config.region)


def note_of(configs: Sequence[EnergyConfig]) -> str | None:
    """Returns the sentence on how to set the country, where some energy is measured without any.

    Args:
        configs: How the energy of each run is measured.

    Returns:
        The sentence; None where every run has a country or a carbon intensity, or measures nothing.
    """
    return NO_PLACE if any(config.enabled and not config.has_place for config in configs) else None


def _check_region(country: str, region: str | None) -> None:
    """Raises UserError for a region that codecarbon has no figure of; it would take the country's without a word."""
    if region is None:
        return
    if country not in REGIONS:
        raise UserError(
            f"energy.region must be of {', '.join(REGIONS)}, whose regions have figures of their own, but got {region} "
            f"of {country}. Leave it out, or pass energy.intensity_g_kwh=..."
        )
    known = _regions_of(country)
    if known and region.lower() not in known:
        hint = did_you_mean(region.lower(), known) or f" Known are {', '.join(sorted(known)[:6])} and others."
        raise UserError(f"energy.region must be a region of {country} that codecarbon knows, but got {region}.{hint}")


def _regions_of(country: str) -> Collection[str]:
    """Returns the regions of a country in small letters; () where their file is not there."""
    content = _read(REGIONS[country])
    if country == "CHN":
        return [name for province in content.get("data", {}).values() for name in province["names"]]
    if country in NORDIC:
        return [name.lower() for name in content.get("data", {}) if name.lower().startswith(NORDIC[country])]
    return [name for name in content if not name.startswith("_")]


def refuse_unknown(country: str, known: Collection[str]) -> None:
    """Raises UserError for a country that is not among the known ones."""
    if country not in known:
        raise UserError(
            f"energy.country must be a country whose carbon intensity codecarbon knows (ISO 3166, as USA, DEU, ROU), "
            f"but got {country!r}.{did_you_mean(country, known)}"
        )


@cache
def _read(name: str) -> dict[str, Any]:
    """Returns a data file of codecarbon; {} where it is not where it usually is."""
    spec = find_spec("codecarbon")
    try:
        content = json.loads((Path(spec.origin).parent / FOLDER / name).read_bytes()) if spec and spec.origin else {}
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
