"""Types and bounds of fields in words, for the reference, for `mgu-run keys` and for messages."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from mgu.config.fields import Matches

BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
NO_BOUND = 1e15  # larger ones only keep numbers representable
OR_NULL = " or null"
PLAIN = {int: "integer", float: "number", str: "string", bool: "true or false", type(None): "null", Any: "any value"}


def type_in_words(annotation: Any, metadata: Iterable[Any] = (), quote: str = "`") -> str:
    """Says what values are legal.

    Args:
        annotation: Type of a field.
        metadata: What stands beside it in `Annotated`, or in the field.
        quote: What stands around each choice.

    Returns:
        The type, its choices and bounds.
    """
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return type_in_words(inner, [*more, *metadata], quote)
    rules = [rule for each in metadata for rule in (each.metadata if isinstance(each, FieldInfo) else [each])]
    for rule in rules:
        if isinstance(rule, AfterValidator) and isinstance(rule.func, Matches):
            return f"string: {rule.func.rule}"
    words = _name_type(annotation, quote)
    limits = [(sign, getattr(rule, name, None)) for name, sign in BOUNDS.items() for rule in rules]
    known = [(sign, limit) for sign, limit in limits if limit is not None and limit < NO_BOUND]
    bounds = ", ".join(f"{sign} {limit if isinstance(limit, int) else f'{limit:g}'}" for sign, limit in known)
    if not bounds:
        return words
    value, null = (words.removesuffix(OR_NULL), OR_NULL) if words.endswith(OR_NULL) else (words, "")
    return f"{value} {bounds}{null}"


def _name_type(annotation: Any, quote: str) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"{quote}{choice}{quote}" for choice in parts)
    if origin in (Union, UnionType):
        return " or ".join(type_in_words(part, quote=quote) for part in parts)
    if origin is list:
        return f"list of {type_in_words(parts[0], quote=quote)}"
    if origin is dict:
        return f"{type_in_words(parts[1], quote=quote)} by name"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return PLAIN[annotation]
