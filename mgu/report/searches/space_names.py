"""Names spaces so that no two that differ are called alike.

The name of a space is part of a study's identity, and `gemm_8x32` is that of several products of matrices: it says each
size once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


def name_spaces(spaces: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names each space with all of its sizes, and where that is not enough with its numbers of factors.

    Args:
        spaces: Spaces as they are described in studies, no two of which are equal.

    Returns:
        The names in the same order; no two are equal.
    """
    names = [_with_sizes(space) for space in spaces]
    for lengthen in (_with_parts, _with_number):
        counts = Counter(names)
        names = [
            lengthen(name, space, number) if counts[name] > 1 else name
            for number, (name, space) in enumerate(zip(names, spaces, strict=True), 1)
        ]
    return names


def _with_sizes(space: Mapping[str, Any]) -> str:
    """Returns the name with the product of each parameter, where it has each product once, but they are not all one."""
    name, products = str(space["name"]), [str(parameter["product"]) for parameter in _factors(space)]
    once = list(dict.fromkeys(products))
    if len(once) < 2 or not name.endswith(short := "_" + "x".join(once)):
        return name
    return f"{name.removesuffix(short)}_{'x'.join(products)}"


def _with_parts(name: str, space: Mapping[str, Any], number: int) -> str:
    parts = [str(parameter["parts"]) for parameter in _factors(space)]
    return f"{name} in {'+'.join(parts)} factors" if parts else name


def _with_number(name: str, space: Mapping[str, Any], number: int) -> str:
    return f"{name} ({number})"


def _factors(space: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [parameter for parameter in space.get("parameters", ()) if parameter.get("kind") == "factors"]
