"""Every key that a run can be given, whichever choices of groups are made: its values, default and description."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mgu.config.describe import model_of, to_yaml
from mgu.config.faults import GROUPS, OR_AUTO
from mgu.config.fields import models_of
from mgu.config.run import RunConfig
from mgu.config.search import StudySettings
from mgu.config.words import type_in_words


class Key(NamedTuple):
    """Holds what is to be known of a key.

    Attributes:
        name: In dotted form.
        values: What is legal, in words.
        choices: The words that it can be set to, where these are few.
        defaults: The values that it has by itself, as YAML, by the choice of its group; by "" without a group.
        description: What it means.
    """

    name: str
    values: str
    choices: tuple[str, ...]
    defaults: dict[str, str]
    description: str

    @property
    def group(self) -> str:
        """The group that the key belongs to; "" for none."""
        return self.name.partition(".")[0] if "." in self.name else ""


def choices_of_groups(conf: Path) -> dict[str, list[str]]:
    """Returns the choices of every group, the one that is chosen unless told otherwise first.

    Args:
        conf: The folder of configuration files.

    Returns:
        Names of files without .yaml, by the name of the group.
    """
    listed = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    chosen = {group: name for each in listed if isinstance(each, dict) for group, name in each.items()}
    return {
        group: sorted(
            (file.stem for file in (conf / group).glob("*.yaml")), key=lambda name: (name != chosen.get(group), name)
        )
        for group in GROUPS
    }


def list_keys(conf: Path) -> list[Key]:
    """Lists all keys, those without a group first.

    Args:
        conf: The folder of configuration files, which has the defaults.

    Returns:
        The keys in the order of the schema; of a key that several kinds of a group have, the first one's description.
    """
    keys: dict[str, Key] = {}
    top = yaml.safe_load((conf / "config.yaml").read_text(encoding="utf-8"))
    for name, field in RunConfig.model_fields.items():
        if name not in GROUPS:
            keys[name] = _key(name, field, {"": to_yaml(top.get(name, field.default))})
    for group, choices in choices_of_groups(conf).items():
        if group not in RunConfig.model_fields or not models_of(RunConfig.model_fields[group].annotation):
            continue
        for choice in choices:
            values = _read(conf, group, choice)
            if values is None or (model := model_of(RunConfig.model_fields[group], values)) is None:
                continue
            for name, field, value in _flatten(model, values, f"{group}."):
                known = keys.setdefault(name, _key(name, field, {}))
                known.defaults[choice] = to_yaml(value)
    return list(keys.values())


def list_search_keys() -> list[Key]:
    """Lists the keys of a search, which no run has.

    Returns:
        The keys in the order of the schema, but the name of the strategy and what the space is made of.
    """
    return [
        _key(f"{section}.{name}", field, {"": to_yaml(field.default)})
        for section, of_section in StudySettings.model_fields.items()
        for model in models_of(of_section.annotation)
        for name, field in model.model_fields.items()
        if not field.is_required()
    ]


def _key(name: str, field: FieldInfo, defaults: dict[str, str]) -> Key:
    if models_of(field.annotation):
        return Key(name, "null, or values of its own", (), defaults, field.description or "")
    words = type_in_words(field.annotation, field.metadata, quote="")
    words += ", or auto" if name in OR_AUTO else ""
    return Key(name, words, tuple(_choices(field.annotation)), defaults, field.description or "")


def _choices(annotation: Any) -> Iterator[str]:
    """Yields the words that a value may be, those of all parts of a union."""
    if annotation is bool:
        yield from ("true", "false")
    elif get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    elif annotation is type(None):
        yield "null"
    elif get_origin(annotation) not in (dict, list):
        for part in get_args(annotation):
            yield from _choices(part) if not isinstance(part, str | int | float) else ()


def _read(conf: Path, group: str, choice: str) -> dict[str, Any] | None:
    """Returns the values of a file of a group with those of the file that it varies; None where it sets none."""
    values = yaml.safe_load((conf / group / f"{choice}.yaml").read_text(encoding="utf-8")) or {}
    bases = [name for name in values.pop("defaults", []) if isinstance(name, str) and name != "_self_"]
    section = values.get(group) if group in values else values
    if not isinstance(section, Mapping):
        return None
    merged: dict[str, Any] = {}
    for base in bases:
        merged |= _read(conf, group, base) or {}
    return merged | dict(section)


def _flatten(model: type[BaseModel], values: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, FieldInfo, Any]]:
    """Yields key, field and value of every plain value; the field's own default where the file has none."""
    for name, field in model.model_fields.items():
        value = values.get(name, None if field.is_required() else field.default)
        inner = models_of(field.annotation)
        if inner and isinstance(value, Mapping | BaseModel):
            below = value.model_dump() if isinstance(value, BaseModel) else value
            yield from _flatten(inner[0], below, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field, value
