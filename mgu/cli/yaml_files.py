"""Bounds the YAML files of the user that Hydra reads, before it reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from mgu.cli.interpolations import check_interpolations
from mgu.errors import UserError

MAX_BYTES = 1_000_000
MAX_NODES = 100_000  # values of a file with its aliases written out, each of which is a few hundred bytes to Hydra


def bound_yaml_files() -> None:
    """Has Hydra read YAML files of a size that it can answer to only: it follows aliases without end."""
    # Not in Hydra's class that reads files, which is made anew when Hydra seeks plugins.
    OmegaConf.load = staticmethod(_load_bounded)  # type: ignore[method-assign]  # it has no hook


_load = OmegaConf.load
_computed_defaults: list[str] = []  # files whose defaults list names choices by others


def have_computed_defaults() -> bool:
    """Tells whether a file that was read chooses other files by several choices, as in `- both: ${layout}_${norm}`."""
    return bool(_computed_defaults)


def _load_bounded(file_: Any) -> Any:
    if isinstance(name := getattr(file_, "name", file_), str):
        check_yaml_file(Path(name))
    loaded = _load(file_)
    values = OmegaConf.to_container(loaded, resolve=False)
    check_interpolations(values)  # before Hydra resolves its own section
    if isinstance(values, dict) and "${" in str(values.get("defaults", "")):
        _computed_defaults.append(str(name))
    return loaded


def check_yaml_file(file: Path) -> None:
    """Checks the size of a YAML file.

    Args:
        file: An existing file.

    Raises:
        UserError: It is no plain file, or too large with its aliases written out.
        yaml.YAMLError: It is not in YAML.
    """
    if not file.is_file():
        raise UserError(f"a configuration must be a plain file, but {file} is not. Pass another --config-dir.")
    if file.stat().st_size > MAX_BYTES:
        raise UserError(
            f"a configuration must be of at most {MAX_BYTES:,} bytes, but {file} has {file.stat().st_size:,}. "
            "Shorten it."
        )
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        num_nodes = _count(node, {}) if node else 0
    except RecursionError:
        num_nodes = MAX_NODES + 1
    except UnicodeDecodeError:
        raise UserError(f"a configuration must be in UTF-8, but {file} is not. Save it so.") from None
    if num_nodes > MAX_NODES:
        raise UserError(
            f"a configuration must have at most {MAX_NODES:,} values, but {file} has more with its aliases written "
            "out. Shorten it."
        )


def _count(node: yaml.Node, counted: dict[int, int]) -> int:
    """Returns the number of values below a node; an alias is the same node once more, so each is counted once."""
    if id(node) not in counted:
        counted[id(node)] = MAX_NODES  # while it is being counted: an alias to what holds it has no end
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        below = 0 if isinstance(node, yaml.ScalarNode) else sum(_count(part, counted) for part in parts)
        counted[id(node)] = 1 + below
    return counted[id(node)]
