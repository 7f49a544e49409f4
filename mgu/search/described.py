"""A space read back from study.yaml, as `Space.describe` wrote it: for whoever reads studies and builds no points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Space

KINDS: dict[str, type[Parameter]] = {
    kind.__name__.lower(): kind for kind in (Categorical, Factors, Float, Int, Ordinal)
}


def read_space(described: Mapping[str, Any]) -> Space:
    """Returns the parameters of a space by their description, without what only its own kind knows.

    Args:
        described: `space` of study.yaml.

    Returns:
        A space that reads the points of its studies.

    Raises:
        KeyError: Something is not said, or there is no such kind.
        TypeError: Something is said that a kind does not have.
    """
    return Space(described["name"], tuple(map(_read_parameter, described["parameters"])))


def _read_parameter(described: Mapping[str, Any]) -> Parameter:
    values = dict(described)
    kind = KINDS[values.pop("kind")]
    if "choices" in values:
        values["choices"] = _read_values(values["choices"])
    if "when" in values:
        [(name, of)] = values["when"].items()
        values["when"] = Condition(name, _read_values(of))
    return kind(**values)


def _read_values(values: list[Any]) -> tuple[Any, ...]:
    """Returns values as a space has them, whose lists are tuples."""
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)
