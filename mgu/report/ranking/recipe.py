"""Recipes: how a model is trained, as the axes of a table tell it, and the recipe that the package ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from mgu.config.conf import conf_dir
from mgu.data.datasets import fill_defaults
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.results.compare.axes import IN_NAME, complete_values, flatten, write_value

if TYPE_CHECKING:
    from mgu.config.keys import Key


def recipe_keys(table: Table, row: Row, unit: Row) -> list[str]:
    """Lists the axes by which a baseline can be trained as a unit is.

    Args:
        table: Of both.
        row: The baseline.
        unit: The unit.

    Returns:
        Keys in dotted form: none of norm, residual and unit; those of the layout, such as its dropout, where both have
        the same.
    """
    left = [name for name in IN_NAME if name != "layout" or row.result.layout != unit.result.layout]
    return [key for key in table.axes.keys if key.partition(".")[0] not in left]


def values_of(row: Row, keys: Sequence[str]) -> dict[str, str]:
    """Returns the values of a row by key, as text; those that it lacks, being older, are today's defaults."""
    flat = flatten(row.result.config)
    if any(key not in flat for key in keys):
        flat = complete_values(row.result.config)
    return {key: write_value(flat.get(key)) for key in keys}


def shipped_values(config: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    """Finds the values that a run has where nobody sets them, those of conf/.

    Args:
        config: Configuration of a run, whose data, layout and optimizer decide on values below them.
        keys: In dotted form.

    Returns:
        The values as text; keys of which the package knows nothing, such as options of the user's code, are left out.
    """
    choices, known = _shipped()
    shipped: dict[str, Any] = {}
    for key in known:
        if key.name in keys:
            section = config.get(key.group)
            name = section.get("name") if isinstance(section, Mapping) else None
            usual = choices[key.group][0] if key.group in choices else ""
            choice = name if name in key.defaults and not key.name.endswith(".name") else usual
            shipped[key.name] = yaml.safe_load(key.defaults[choice]) if choice in key.defaults else None
    by_data: dict[str, Any] = {"dataset": config.get("dataset"), "optimizer": dict(config.get("optimizer") or {})}
    auto = fill_defaults(by_data | {"training": {"last_batch": "auto"}} | {
        "optimizer": by_data["optimizer"] | {"lr": "auto"}
    })  # fmt: skip
    filled = flatten({name: auto[name] for name in ("optimizer", "training")})
    return {
        key: write_value(filled[key] if value == "auto" and key in filled else value) for key, value in shipped.items()
    }


@cache
def _shipped() -> tuple[dict[str, list[str]], list[Key]]:
    """Returns the choices of each group, the usual one first, and all keys; reading these takes half a second."""
    from mgu.config.keys import choices_of_groups, list_keys  # pydantic takes long to import

    return choices_of_groups(conf_dir()), list_keys(conf_dir())
