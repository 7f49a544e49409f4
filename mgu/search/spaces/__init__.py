"""Spaces by kind: conf/space/NAME.yaml has the settings of one, of which `kind` chooses how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mgu.errors import UserError
from mgu.results.compare.axes import is_outside_identity
from mgu.search.space import Space
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.density import build_density
from mgu.search.spaces.gemm import build_gemm
from mgu.search.spaces.grid import build_grid
from mgu.search.spaces.listed import build_listed
from mgu.search.spaces.nago import build_nago
from mgu.text.nearest import did_you_mean

__all__ = ["SPACES", "build_space"]

# Takes the settings of the space, `space.*`, and what else it may be built from.
SPACES: dict[str, Callable[[Mapping[str, Any], SpaceContext], Space]] = {
    "density": build_density,
    "gemm": build_gemm,
    "grid": build_grid,
    "listed": build_listed,
    "nago": build_nago,
}

# Parts of the identity by the checksum of what they name.
KNOWN_BY_CONTENT = ("training.start_from", ".folder")


def build_space(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds a space.

    Args:
        settings: `space.*`, with `kind` and `name`.
        context: The grids, the command line and the configuration that the search starts from.

    Returns:
        The space.

    Raises:
        UserError: There is no such kind, or a setting is not as it must be.
    """
    kind = settings.get("kind")
    if kind not in SPACES:
        hint = did_you_mean(str(kind), SPACES) or " See docs/method/search.md."
        raise UserError(f"space.kind must be one of {', '.join(SPACES)}, but got {kind!r}.{hint}")
    space = SPACES[kind](settings, context)
    if space.measure is None:
        _check_parameters(space)
    if space.size == 0 or not space.parameters:
        raise UserError(f"space={space.name} must have at least one point, but has none. Give it parameters.")
    return space


def _check_parameters(space: Space) -> None:
    """Raises UserError for a parameter whose values are all the same run; those of data are compared once composed."""
    for parameter in space.parameters:
        key = parameter.name.partition("@")[0].lstrip("+")
        if key == "seed":
            raise UserError(
                f"seed must be left out of a space, for the study gives each trial its seed, but space={space.name} "
                "has it. Pass search.seed=0,1,2 for several studies, or seed=0 for all trials."
            )
        if key == "training.score":
            raise UserError(
                "training.score must be left out of a space, for trials are compared by one score, but "
                f"space={space.name} has it. Pass one value on the command line."
            )
        if is_outside_identity(key) and not key.startswith("dataset.") and not key.endswith(KNOWN_BY_CONTENT):
            raise UserError(
                f"{key} must be left out of a space, for it cannot change the result of a run, but space={space.name} "
                "has it. Pass one value on the command line."
            )
