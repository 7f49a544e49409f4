"""Rules that stand on a field's annotation and say when the field is part of a run's identity.

A run's identity is the hash of what can change its result. A field without a rule is always part of it, so that a new
field cannot be forgotten; NOT_IDENTITY takes out where data lies, what a run is called and how it is watched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class IdentityRule:
    """Says when a field is part of a run's identity; belongs into the `Annotated` metadata of the field.

    Attributes:
        when: The rule in words, for docs/reference/config.md.
        includes: Takes the configuration and the name of the field; returns whether the field takes part.
        encode: Takes the configuration and returns what stands for the field; None: its value.
    """

    when: str
    includes: Callable[[Any, str], bool] = lambda config, name: True
    encode: Callable[[Any], Any] | None = None


def _differs_from_default(config: BaseModel, name: str) -> bool:
    return bool(getattr(config, name) != type(config).model_fields[name].default)


NOT_IDENTITY = IdentityRule("no", lambda config, name: False)
UNLESS_DEFAULT = IdentityRule("unless default", _differs_from_default)  # for fields younger than the first runs


def unless(value: object) -> IdentityRule:
    """Returns the rule of a field that takes part in the identity unless it has this value."""
    return IdentityRule(f"unless {value}", lambda config, name: getattr(config, name) != value)


def identity_rules(field: FieldInfo) -> list[IdentityRule]:
    """Returns the rules that stand on a field.

    Args:
        field: The field of a configuration class.

    Returns:
        Its rules; none: it is always part of the identity.
    """
    return [rule for rule in field.metadata if isinstance(rule, IdentityRule)]


def identity_values(config: BaseModel) -> dict[str, Any]:
    """Returns the values of a configuration that are part of a run's identity, nested as its fields are.

    Args:
        config: A run's configuration or a part of it.

    Returns:
        Plain values by field name, in the order of the fields.
    """
    values = {}
    for name, field in type(config).model_fields.items():
        rules = identity_rules(field)
        if not all(rule.includes(config, name) for rule in rules):
            continue
        encode = next((rule.encode for rule in rules if rule.encode), None)
        value = encode(config) if encode else getattr(config, name)
        values[name] = identity_values(value) if isinstance(value, BaseModel) else value
    return values
