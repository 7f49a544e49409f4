"""The configurations of a group, by what they set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from mgu.config.conf import conf_dir


def config_dirs() -> list[Path]:
    """Returns the folders of configurations of this command: that of the package, and that of --config-dir."""
    from hydra._internal.utils import get_args_parser  # Hydra takes half a second to import

    options, _ = get_args_parser().parse_known_args(sys.argv[1:])
    return [conf_dir(), *([Path(options.config_dir)] if options.config_dir else [])]


def choices_of(group: str) -> list[str]:
    """Returns the names of a group's configurations, those of --config-dir included, in alphabetical order.

    Args:
        group: A configuration group, such as norm.
    """
    return sorted({file.stem for folder in config_dirs() for file in (folder / group).glob("*.yaml")})


def choices_with(key: str) -> list[str]:
    """Finds the configurations of a group that set a key.

    Args:
        key: A key in dotted form; its first part is the group.

    Returns:
        Names of configurations in alphabetical order.
    """
    group = key.partition(".")[0]
    files = sorted((file for folder in config_dirs() for file in (folder / group).glob("*.yaml")), key=lambda f: f.stem)
    return [file.stem for file in files if key in _keys(file, group)]


def _keys(file: Path, group: str) -> set[str]:
    """Returns the keys that a file sets, as seen from the top of the configuration, with those of its defaults."""
    try:
        text = file.read_text(encoding="utf-8")
        values = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError):  # Hydra tells what is wrong with it, once it is chosen
        return set()
    if not isinstance(values, dict):
        return set()
    bases = [name for name in values.pop("defaults", None) or [] if isinstance(name, str) and name != "_self_"]
    keys = _flatten(values if "# @package _global_" in text else {group: values}, "")
    shipped = [conf_dir() / group / f"{name}.yaml" for name in bases]  # a file of one's own may vary one of these
    return keys.union(*(_keys(base, group) for base in shipped if base != file))


def _flatten(values: dict[str, Any], prefix: str) -> set[str]:
    keys = {prefix + name for name in values}
    nested = [_flatten(value, f"{prefix}{name}.") for name, value in values.items() if isinstance(value, dict)]
    return keys.union(*nested)
