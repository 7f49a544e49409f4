"""What tells runs of one name apart: their data, and the values that differ and can change a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mgu.config.check import check_config
from mgu.config.identity import identity_values
from mgu.errors import UserError
from mgu.results.file_names import CONFIG_FILE

MOST_VALUES = 3  # of one run


def describe_differences(folders: Sequence[Path]) -> list[str]:
    """Describes each run by what differs among them.

    Args:
        folders: Folders of runs.

    Returns:
        For each the label of its data and its values, such as "digits, optimizer.lr=0.01"; an empty string for one
        whose configuration cannot be read, and where nothing differs.
    """
    described = [_describe(folder) for folder in folders]
    keys = list(dict.fromkeys(key for values in described for key in values))
    differing = [key for key in keys if len({repr(values.get(key)) for values in described if values}) > 1]
    if "data" in differing:  # says it all
        differing = [key for key in differing if not key.startswith("dataset.") or key == "dataset.split"]
    return [
        ", ".join(_text(key, values[key]) for key in [key for key in differing if key in values][:MOST_VALUES])
        for values in described
    ]


def _text(key: str, value: object) -> str:
    return str(value) if key == "data" else f"{key}={value}"


def _describe(folder: Path) -> dict[str, Any]:
    """Returns the label of the data and all values of the identity by dotted key; empty where they cannot be read."""
    try:
        config = check_config(yaml.safe_load((folder / CONFIG_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError, UserError):  # whatever else lies there
        return {}
    return {"data": config.dataset.label, **_flat(identity_values(config))}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
