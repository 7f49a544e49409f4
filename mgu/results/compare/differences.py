"""What tells runs of one name apart: their data, the values that differ and can change a result, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mgu.config.identity import identity_values
from mgu.errors import UserError
from mgu.results.compare.axes import flatten, is_outside_identity
from mgu.results.on_disk.file_names import CONFIG_FILE, RESULT_FILE
from mgu.results.on_disk.result_file import read_result
from mgu.results.schema.stored_config import parse_config, read_stored

MOST_VALUES = 3  # of one run
UNFINISHED = "not finished"


def describe_differences(folders: Sequence[Path]) -> list[str]:
    """Describes each run by what differs among them.

    Args:
        folders: Folders of runs.

    Returns:
        For each the label of its data and its values, such as "digits, optimizer.lr=0.01", and whether it has no
        result; an empty string for a finished run whose configuration cannot be read, and where nothing differs.
    """
    described = [_describe(folder) for folder in folders]
    keys = list(dict.fromkeys(key for values in described for key in values))
    differing = [key for key in keys if len({repr(values.get(key)) for values in described if values}) > 1]
    if "data" in differing:  # says it all
        differing = [key for key in differing if not key.startswith("dataset.") or key == "dataset.split"]
    if "data" not in differing and not all(described):  # those of which nothing is known may have others
        differing.insert(0, "data")
    return [
        ", ".join(
            [_text(key, values[key]) for key in [key for key in differing if key in values][:MOST_VALUES]]
            + ([] if (folder / RESULT_FILE).exists() else [UNFINISHED])
        )
        for folder, values in zip(folders, described, strict=True)
    ]


def _text(key: str, value: object) -> str:
    return str(value) if key == "data" else f"{key}={value}"


def _describe(folder: Path) -> dict[str, Any]:
    """Returns the label of the data and all values of the identity by dotted key; empty where they cannot be read."""
    try:
        config = read_stored((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError, UserError):  # whatever else lies there
        return _describe_result(folder)
    return {"data": config.dataset.label, **flatten(identity_values(config))}


def _describe_result(folder: Path) -> dict[str, Any]:
    """Returns the same of a run that left a result without a configuration of today."""
    try:
        result = read_result(folder / RESULT_FILE)
    except ValueError:
        return {}
    if config := parse_config(result.config):
        return {"data": config.dataset.label, **flatten(identity_values(config))}
    values = flatten(result.config)
    return {"data": result.dataset, **{key: values[key] for key in values if not is_outside_identity(key)}}
