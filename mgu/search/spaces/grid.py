"""The space `grid`: the baselines that a sweep without a search trains, one axis a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError
from mgu.search.grids import Grids
from mgu.search.parameters.choices import Categorical
from mgu.search.parameters.condition import Condition
from mgu.search.space import Space
from mgu.search.spaces.context import SpaceContext

GRID = "grid"  # the parameter that chooses one of several grids
UNIT = "mgu"


class GridSpace(Space):
    """Describes a union of grids: a value is the text of an override; of several grids, one parameter chooses."""

    def overrides(self, point: Mapping[str, Any]) -> list[str]:
        """Returns the overrides that tell Hydra of a point."""
        return [f"{name.partition('@')[0]}={value}" for name, value in point.items() if name != GRID]


def build_grid(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds the space from the grids without units, narrowed and extended by the command line as a sweep's are.

    Args:
        settings: `space.*`; `units: true` leaves the grids with units in.
        context: The grids and the command line.

    Returns:
        The space.

    Raises:
        UserError: There is no grid, nothing is left of it, or units would be searched, with which searches are
            compared.
    """
    given = context.grammar.keys(context.overrides)
    grids = {
        name: axes
        for name, axes in context.grids.grids.items()
        if settings.get("units") or UNIT not in {axis.partition(".")[0] for axis in axes}
    }
    chosen = Grids(grids).narrow(given)
    swept = {
        key: values
        for key, override in zip(given, context.overrides, strict=True)
        if len(values := _values(context, override)) > 1 and key not in ("hydra", "seed")
    }
    if UNIT in swept and not settings.get("units"):
        raise UserError(
            f"{UNIT} must be one value with space=grid, which is without the units that searches are compared with, "
            f"but got {UNIT}={','.join(swept[UNIT])}. Sweep over units without a search."
        )
    by_name = {
        next((name for name, axes in grids.items() if axes is each), "given"): {
            axis: _values(context, f"{axis}={values}") for axis, values in each.items() if axis not in given
        }
        | swept
        for each in chosen
    }
    if not any(by_name.values()):
        raise UserError(
            "space=grid must have axes, but there are none. Pass +experiment=digits, which has grids, or sweep over "
            "values, as in: norm=ln,no_norm"
        )
    return GridSpace(str(settings.get("name", GRID)), tuple(_parameters(by_name)))


def _parameters(grids: Mapping[str, Mapping[str, list[str]]]) -> list[Categorical]:
    if len(grids) == 1:
        [axes] = grids.values()
        return [Categorical(axis, tuple(values)) for axis, values in axes.items()]
    parameters = [Categorical(GRID, tuple(grids))]
    for name, axes in grids.items():
        chosen = Condition(GRID, (name,))
        parameters += [Categorical(f"{axis}@{name}", tuple(values), chosen) for axis, values in axes.items()]
    return parameters


def _values(context: SpaceContext, override: str) -> list[str]:
    """Returns the values of an override that may be a sweep, each as the text of one override."""
    expanded = context.grammar.expand([override])
    return list(dict.fromkeys(single.partition("=")[2] for [single] in expanded))
