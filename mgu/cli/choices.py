"""The configurations of a group, by what they set."""

from __future__ import annotations

from typing import Any

import yaml

from mgu.cli.conf import conf_dir


def choices_with(key: str) -> list[str]:
    """Finds the configurations of a group that set a key.

    Args:
        key: A key in dotted form; its first part is the group.

    Returns:
        Names of configurations in alphabetical order.
    """
    group = key.partition(".")[0]
    return [file.stem for file in sorted((conf_dir() / group).glob("*.yaml")) if key in _keys(file, group)]


def _keys(file: Any, group: str) -> set[str]:
    """Returns the keys that a file sets, as seen from the top of the configuration."""
    text = file.read_text(encoding="utf-8")
    values = yaml.safe_load(text) or {}
    return _flatten(values if "# @package _global_" in text else {group: values}, "")


def _flatten(values: dict[str, Any], prefix: str) -> set[str]:
    keys = {prefix + name for name in values}
    nested = [_flatten(value, f"{prefix}{name}.") for name, value in values.items() if isinstance(value, dict)]
    return keys.union(*nested)
