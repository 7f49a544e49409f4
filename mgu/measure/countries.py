"""The countries whose carbon intensity codecarbon knows, found without importing it: a refusal need not wait for it."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mgu.errors import UserError, did_you_mean

FILE = "data/private_infra/global_energy_mix.json"  # in codecarbon: by ISO 3166 code


def check_early(country: str) -> None:
    """Checks that codecarbon knows a country, as far as its file is where it usually is.

    Args:
        country: ISO 3166 code of three letters.

    Raises:
        UserError: The country is unknown.
    """
    if known := _read_known():
        refuse_unknown(country, known)


def refuse_unknown(country: str, known: Collection[str]) -> None:
    """Raises UserError for a country that is not among the known ones."""
    if country not in known:
        raise UserError(
            f"energy.country must be a country whose carbon intensity codecarbon knows (ISO 3166, as USA, DEU, ROU), "
            f"but got {country!r}.{did_you_mean(country, known)}"
        )


@cache
def _read_known() -> Collection[str]:
    spec = find_spec("codecarbon")
    try:
        found = json.loads((Path(spec.origin).parent / FILE).read_bytes()) if spec and spec.origin else {}
    except (OSError, ValueError):
        return ()
    return found if isinstance(found, dict) else ()
