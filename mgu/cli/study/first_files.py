"""Whether the files that all trials of a search depend on are still those that it began with.

Points are composed one by one, and each finds the checksums of its files anew. Without this check a file that is edited
while the search runs would have later trials on other rows or other code, and rank them with the earlier ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.compare.rows import rows_of

PLACES = ("path", "target", "root")  # keys that say where the files of a section are


class FirstFiles:
    """Remembers the checksums that the first configurations of a search found."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def check(self, composed: Mapping[str, Any], config: RunConfig) -> None:
        """Checks that what was composed with the same overrides is of the same files.

        Args:
            composed: Values of a point as Hydra composed them, before anything was read.
            config: The configuration that they became.

        Raises:
            UserError: A file has changed since.
        """
        dataset = composed.get("dataset")
        rows = rows_of(dataset) if isinstance(dataset, Mapping) else {}
        for key, value, sha256 in _find_digests(config.model_dump(mode="json")):
            name = json.dumps([key, value, rows if key.startswith("dataset.") else None], sort_keys=True, default=str)
            if self._known.setdefault(name, sha256) != sha256:
                raise UserError(
                    f"{key} must stay as it was when the search began, but {value} has changed. Put it back, and the "
                    "same command goes on; or pass another experiment_name to search with it as it is now."
                )


def _find_digests(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, str]]:
    """Yields the key that names files or code, its value, and their checksum, of a section and of those below it."""
    if sha256 := values.get("sha256"):
        name = next((key for key in PLACES if values.get(key) is not None), "sha256")
        yield f"{above}{name}", str(values[name]), sha256
    if sha256 := values.get("start_sha256"):
        yield f"{above}start_from", str(values["start_from"]), sha256
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _find_digests(value, f"{above}{name}.")
