"""Where each value of a composed configuration comes from, by the files that Hydra composed it of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository
from hydra.core.default_element import ResultDefault
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from mgu.config.conf import conf_dir
from mgu.config.describe import to_yaml

COMMAND_LINE = "command line"
SCHEMA = "default of the schema"


def find_origins(overrides: list[str], values: Mapping[str, Any]) -> dict[str, str]:
    """Finds the origin of every value.

    Args:
        overrides: Those of the command line.
        values: The checked values of the run, nested.

    Returns:
        By dotted key the command line, a file (with what it says where that is not the value), or the schema.
    """
    written, given = _read_files(overrides), _given(overrides)
    return {key: _origin(key, value, written, given) for key, value in leaves(values)}


def _origin(key: str, value: Any, written: Mapping[str, tuple[str, Any]], given: Iterable[str]) -> str:
    if any(key == name or key.startswith(f"{name}.") for name in given):
        return COMMAND_LINE
    parts = key.split(".")
    for length in range(len(parts), 0, -1):  # of a section that a file sets as one, such as {}
        if (part := ".".join(parts[:length])) not in written:
            continue
        file, raw = written[part]
        if isinstance(raw, str) and "${" in raw:
            return f"{file}: {raw}"
        is_changed = length == len(parts) and raw != value and not (raw is None and isinstance(value, dict))
        return f"{file}: {to_yaml(raw)}, filled in by the data or the machine" if is_changed else file
    return SCHEMA


def _read_files(overrides: list[str]) -> dict[str, tuple[str, Any]]:
    """Returns for every key the last file that sets it, and what it says there."""
    loader = GlobalHydra.instance().config_loader()
    assert isinstance(loader, ConfigLoaderImpl)
    repository = CachingConfigRepository(loader.repository)
    written: dict[str, tuple[str, Any]] = {}
    for default in loader.compute_defaults_list("config", overrides, RunMode.RUN).defaults:
        for key, value in _content(loader, default, repository):
            written[key] = (_name_of(default, repository), value)
    return written


def _content(
    loader: ConfigLoaderImpl, default: ResultDefault, repository: CachingConfigRepository
) -> Iterable[tuple[str, Any]]:
    """Yields the keys of one file, as seen from the top, with their values."""
    if default.config_path is None or default.config_path.startswith("hydra/"):
        return []
    loaded = loader._load_single_config(default, repository)
    content: Any = OmegaConf.to_container(loaded.config, resolve=False)
    content.pop("hydra", None)
    return leaves(content)


def _name_of(default: ResultDefault, repository: CachingConfigRepository) -> str:
    """Returns the name of a file as people know it."""
    loaded = repository.load_config(default.config_path or "")
    folder = str(loaded.path if loaded else "").removeprefix("file://")
    shown = "conf" if folder == str(conf_dir()) else folder
    return f"{shown}/{default.config_path}.yaml"


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yields the plain values by dotted key; an empty section is a value of its own.

    Args:
        values: Values nested as in the YAML files.
        prefix: What stands before every key.

    Yields:
        Each key with its value.
    """
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _given(overrides: list[str]) -> list[str]:
    """Returns the keys of values, not of groups, that the command line sets."""
    groups = {file.name for file in conf_dir().iterdir() if file.is_dir()}
    keys = [override.partition("=")[0].lstrip("+~") for override in overrides]
    return [key for key in keys if key not in groups]
