"""Types, bounds and rules of the identity in words, and tables in Markdown, for the pages of docs/reference/."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from mgu.config.fields import Matches
from mgu.config.identity import NOT_IDENTITY, identity_rules

BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
NO_BOUND = 1e15  # larger ones only keep numbers representable
PLAIN = {int: "integer", float: "number", str: "string", bool: "true or false", type(None): "null", Any: "any value"}


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Renders a Markdown table."""
    lines = [list(header), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def type_in_words(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Says what values are legal: the type, its choices and bounds."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return type_in_words(inner, [*more, *metadata])
    rules = [rule for each in metadata for rule in (each.metadata if isinstance(each, FieldInfo) else [each])]
    for rule in rules:
        if isinstance(rule, AfterValidator) and isinstance(rule.func, Matches):
            return f"string: {rule.func.rule}"
    words = _name_type(annotation)
    limits = [(sign, getattr(rule, name, None)) for rule in rules for name, sign in BOUNDS.items()]
    bounds = [f"{sign} {limit:g}" for sign, limit in limits if limit is not None and limit < NO_BOUND]
    return f"{words} {', '.join(bounds)}" if bounds else words


def _name_type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in parts)
    if origin in (Union, UnionType):
        return " or ".join(type_in_words(part) for part in parts)
    if origin is list:
        return f"list of {type_in_words(parts[0])}"
    if origin is dict:
        return f"{type_in_words(parts[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return PLAIN[annotation]


def identity_in_words(field: FieldInfo, group: str = "yes") -> str:
    """Says whether a field is part of a run's identity, as far as its group is."""
    own = next((rule.when for rule in identity_rules(field)), "yes")
    return group if group == NOT_IDENTITY.when or own == "yes" else own
