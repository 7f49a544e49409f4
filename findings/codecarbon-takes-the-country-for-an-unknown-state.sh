#!/usr/bin/env bash
# Claim: codecarbon takes the carbon intensity of the whole country where it does not know the region that it is given:
#   a state of the USA that is misspelt, and every region of a country without regional data, get the country's number.
#   Nothing is raised, and the emissions do not say which was taken.
# Guess before: a region that is not known is an error, or the result says that the country was taken.
# Versions: codecarbon==3.3.2.
# Seen: kg of CO2-equivalent for 1 kWh in the USA: california 0.179; "califronia" 0.369, as without a region.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet codecarbon==3.3.2
cd "$folder"
env/bin/python - <<'PY'
import logging
from importlib.metadata import version

from codecarbon.core.emissions import Emissions
from codecarbon.core.units import Energy
from codecarbon.external.geography import GeoMetadata
from codecarbon.input import DataSource

logging.disable(logging.CRITICAL)
emissions = Emissions(DataSource())


def kg(region):
    place = GeoMetadata(country_iso_code="USA", country_name="United States", region=region)
    return emissions.get_private_infra_emissions(Energy.from_energy(kWh=1.0), place)


print(version("codecarbon"))
known, unknown, country = kg("california"), kg("califronia"), kg(None)
print(f"california {known:.3f} kg, califronia {unknown:.3f} kg, no region {country:.3f} kg")
assert unknown == country != known
PY
echo "as claimed"
