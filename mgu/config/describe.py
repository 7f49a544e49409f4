"""Text about the fields of a configuration: its values with their descriptions, and the types of fields in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, Discriminator
from pydantic.fields import FieldInfo

from mgu.config.fields import models_of
from mgu.config.run import RunConfig

COMMENT_COLUMN = 36


def describe_values(values: Mapping[str, Any], model: type[BaseModel] = RunConfig) -> str:
    """Renders every value on a line of its own, as `key: value  # description`.

    Args:
        values: Values by key, nested as in the YAML files; they need not be legal.
        model: The configuration class whose fields have the descriptions.

    Returns:
        Lines with keys in dotted form, a blank line between groups.
    """
    return "\n".join(_lines(values, model, ""))


def _lines(values: Mapping[str, Any], model: type[BaseModel] | None, prefix: str) -> list[str]:
    lines: list[str] = []
    for name, value in values.items():
        field = model.model_fields.get(name) if model else None
        if field and models_of(field.annotation) and isinstance(value, Mapping):
            gap = [""] if lines and lines[-1] else []
            lines += [*gap, *_lines(value, model_of(field, value), f"{prefix}{name}."), *([] if prefix else [""])]
        else:
            lines.append(f"{f'{prefix}{name}: {to_yaml(value)}':<{COMMENT_COLUMN}}{_comment(field)}".rstrip())
    return lines


def _comment(field: FieldInfo | None) -> str:
    """Returns the description of a field as a comment, after the choices that it does not explain one by one."""
    if not field or not field.description:
        return ""
    choices = choices_of(field)
    is_told = len(choices) < 2 or all(f"{choice}:" in field.description for choice in choices)
    return f"  # {'' if is_told else ' | '.join(choices) + ': '}{field.description}"


def model_of(field: FieldInfo, values: Mapping[str, Any]) -> type[BaseModel] | None:
    """Finds the configuration class that checks the values of a field.

    Args:
        field: A field that holds a configuration class, or one of several.
        values: The values of the group.

    Returns:
        The class; None for a field of plain values.
    """
    for rule in field.metadata:
        if isinstance(rule, Discriminator) and callable(rule.discriminator):
            tags = [part.__metadata__[0].tag for part in get_args(field.annotation)]
            tag = rule.discriminator(values)
            return models_of(field.annotation)[tags.index(tag) if tag in tags else 0]
    return next(iter(models_of(field.annotation)), None)


def choices_of(field: FieldInfo) -> list[str]:
    """Lists the words that a field can be set to, in the order of its annotation; [] where other values are legal."""
    return [str(choice) for choice in get_args(field.annotation)] if get_origin(field.annotation) is Literal else []


def to_yaml(value: Any) -> str:
    """Returns a value as YAML in one line.

    Args:
        value: Plain values, nested or not.

    Returns:
        The line, without its end.
    """
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
