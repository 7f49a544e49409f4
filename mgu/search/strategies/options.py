"""Reads the options of a strategy, so that a misspelt or illegal one is refused by name before the first trial."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from mgu.errors import UserError
from mgu.text.nearest import did_you_mean


def read_options(
    strategy: str,
    options: Mapping[str, Any],
    defaults: Mapping[str, Any],
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Any]:
    """Returns the options of a strategy, complete.

    Args:
        strategy: Its name.
        options: Options by name, as they were given.
        defaults: All options that there are, with their defaults. A number must be given where the default is one,
            not negative; a whole number where that is one.
        ranges: Least and largest legal value of those options for which not every number from 0 is one.

    Raises:
        UserError: An option does not exist, or has an illegal value.
    """
    for name, value in options.items():
        if name not in defaults:
            legal = f"one of {', '.join(defaults)}" if defaults else "left out"
            raise UserError(
                f"search.options of search={strategy} must be {legal}, but got {name}."
                f"{did_you_mean(name, defaults) or ' Leave it out.'}"
            )
        default = defaults[name]
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        is_kind = isinstance(value, kinds) and isinstance(value, bool) == isinstance(default, bool)
        if not is_kind or (isinstance(value, int | float) and value < 0):
            words = {bool: "true or false", int: "a whole number from 0", float: "a number from 0"}
            rule = words.get(type(default), "a text")
            raise UserError(
                f"search.options.{name} must be {rule}, but got {value!r}. Pass search.options.{name}={default}."
            )
        low, high = (ranges or {}).get(name, (0, inf))
        if name in (ranges or {}) and not low <= value <= high:
            limits = f"at least {low:g}" if high == inf else f"from {low:g} to {high:g}"
            raise UserError(
                f"search.options.{name} must be {limits}, but got {value!r}. Pass search.options.{name}={default}."
            )
    return {**defaults, **options}
