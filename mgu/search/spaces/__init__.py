"""Spaces by kind: conf/space/NAME.yaml has the settings of one, of which `kind` chooses how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mgu.errors import UserError, did_you_mean
from mgu.search.space import Space
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.density import build_density
from mgu.search.spaces.gemm import build_gemm
from mgu.search.spaces.grid import build_grid
from mgu.search.spaces.listed import build_listed
from mgu.search.spaces.nago import build_nago

__all__ = ["SPACES", "build_space"]

# Takes the settings of the space, `space.*`, and what else it may be built from.
SPACES: dict[str, Callable[[Mapping[str, Any], SpaceContext], Space]] = {
    "density": build_density,
    "gemm": build_gemm,
    "grid": build_grid,
    "listed": build_listed,
    "nago": build_nago,
}


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
    if space.size == 0 or not space.parameters:
        raise UserError(f"space={space.name} must have at least one point, but has none. Give it parameters.")
    return space
