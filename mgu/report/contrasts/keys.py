"""Keys by which rows are compared: their values, and what else makes two rows alike."""

from __future__ import annotations

from typing import NamedTuple

from mgu.report.ranking.row import Row
from mgu.results.compare.axes import call_lean, complete_values, flatten, is_outside_identity, write_value
from mgu.results.schema.replicate import without_replicate
from mgu.results.schema.stored_config import parse_config

OF_THE_DATA = ("dataset.name", "dataset.path", "dataset.target", "dataset.sha256")  # they go with others of the section
NO_VALUE = "none"


class Key(NamedTuple):
    """Names a key of the configuration, or a section of it that is chosen as a whole.

    Attributes:
        name: The key in dotted form, such as optimizer.lr, or a section such as norm.
    """

    name: str

    @property
    def varying(self) -> str:
        """What differs with the key: the key itself, or the section of which it is the name."""
        section, _, last = self.name.rpartition(".")
        if self.name in OF_THE_DATA:
            return "dataset"
        return section if last == "name" else self.name

    def value(self, row: Row) -> str | float | None:
        """Returns the value of a row: a number as it is, others as text; None where the row has no such key."""
        config = row.result.config
        if self.name == "mgu":
            _, _, unit = call_lean(row.result.stem).partition("-mgu-")
            return unit or NO_VALUE
        flat = complete_values(config)
        value = flat.get(self.name, flat.get(f"{self.name}.name"))
        if value is None:
            section = self.name.partition(".")[0]
            return NO_VALUE if (section in config and config[section] is None) or self.name in flat else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if is_number else write_value(value)

    def rest(self, row: Row) -> frozenset[tuple[str, str]]:
        """Returns all other values that can change a result; rows in which they are equal differ in the key only."""
        from mgu.config.identity import identity_values  # pydantic takes long to import

        config = without_replicate(row.result.config)
        parsed = parse_config(config)
        flat = flatten(identity_values(parsed)) if parsed else flatten(config)
        return frozenset(
            (key, write_value(value))
            for key, value in flat.items()
            if key != self.varying and not key.startswith(f"{self.varying}.") and not self._goes_along(key)
            if parsed or not is_outside_identity(key)
        )

    def _goes_along(self, key: str) -> bool:
        """Tells whether another key follows from this one, as the digest of the data from whatever chooses them."""
        return key == "dataset.sha256" and self.name.startswith("dataset.")


def value_order(value: str | float) -> tuple[bool, float, str]:
    """Returns a sort key: numbers by size, then texts."""
    return (True, 0.0, value) if isinstance(value, str) else (False, value, "")
