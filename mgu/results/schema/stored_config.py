"""Reads the configurations that runs leave, in result.json and config.yaml, back as the schema of today."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from mgu.results.schema.replicate import without_replicate
from mgu.results.schema.upgrade import upgrade

if TYPE_CHECKING:
    from mgu.config.run import RunConfig

ENDLESS = {"Infinity": float("inf"), "-Infinity": float("-inf")}  # JSON has no such numbers: result.json has strings


def read_stored(text: str | bytes) -> RunConfig:
    """Reads a config.yaml.

    Args:
        text: Its content.

    Returns:
        The checked configuration.

    Raises:
        UserError: It is not valid today.
        yaml.YAMLError: It is no YAML.
    """
    from mgu.config.check import check_config

    return check_config(upgrade(yaml.safe_load(text) or {}))


def parse_config(values: Mapping[str, Any]) -> RunConfig | None:
    """Parses a configuration as result.json holds it.

    Args:
        values: The configuration of a result.

    Returns:
        The configuration, in which fields that are younger than the result have their defaults; None if it is not
        valid today.
    """
    from mgu.config.run import RunConfig  # pydantic takes long to import, and few reports need it

    for candidate in (values, _with_numbers(values)):
        try:
            return RunConfig.model_validate(candidate)
        except ValueError:
            continue
    return None


def identity_without_replicate(values: Mapping[str, Any]) -> str | None:
    """Returns the identity that all replicates of a model share.

    Args:
        values: The configuration of one of them, as result.json holds it.

    Returns:
        What RunConfig.identity computes with seed 0 and fold 0; None if the configuration is not valid today.
    """
    config = parse_config(without_replicate(values))
    return config.identity if config else None


@cache
def keys_outside_identity() -> frozenset[str]:
    """Returns the keys, and sections, of the configuration that cannot change the result of a run."""
    from mgu.config.run import RunConfig

    return frozenset(_outside(RunConfig, ""))


def _outside(model: Any, prefix: str) -> set[str]:
    from mgu.config.fields import models_of
    from mgu.config.identity import NOT_IDENTITY, identity_rules

    keys = set()
    for name, field in model.model_fields.items():
        if NOT_IDENTITY in identity_rules(field):
            keys.add(f"{prefix}{name}")
        else:
            keys |= {key for part in models_of(field.annotation) for key in _outside(part, f"{prefix}{name}.")}
    return keys


def _with_numbers(value: Any) -> Any:
    """Returns the value with numbers for the strings that stand for endless ones."""
    if isinstance(value, Mapping):
        return {key: _with_numbers(entry) for key, entry in value.items()}
    return ENDLESS.get(value, value) if isinstance(value, str) else value
