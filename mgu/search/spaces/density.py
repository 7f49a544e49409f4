"""The space `density`: depth, width and densities of dense networks (Tessera and Rosman 2019); docs/method/density.md.

`preset: nested` is the source's own grid instead: full networks, and wider sparse ones with as many active weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Space, write_word
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.protocol import protocol_overrides
from mgu.search.spaces.settings import whole

DEPTH, WIDTH = "layout.depth", "layout.width"
NETWORK, UNITS = "network", "units"  # of the nested preset
DEPTHS, STEP = (1, 2), 5  # of the source


@dataclass(frozen=True)
class DensitySpace(Space):
    """Holds networks by depth, width and one density a weight matrix.

    Attributes:
        fixed: Overrides of all runs, by which they are trained.
        sizes: Inputs and outputs of the data; None where they are known once the data are read.
        max_weights: Largest number of active weights; None: any.
    """

    fixed: tuple[str, ...] = ()
    sizes: tuple[int, int] | None = None
    max_weights: int | None = None

    def network(self, point: Mapping[str, Any]) -> tuple[int, int, list[float]]:
        """Returns depth, width, and the density of each matrix, the read-out's last."""
        depth = point[DEPTH]
        names = [f"density_{layer + 1}" for layer in range(depth)]
        return depth, point[WIDTH], [float(f"{point[name]:.4g}") for name in (*names, "density_out")]

    def active_weights(self, point: Mapping[str, Any]) -> int | None:
        """Returns the number of active weights; None where the sizes of the data are not known."""
        if self.sizes is None:
            return None
        depth, width, densities = self.network(point)
        widths = [self.sizes[0], *[width] * depth, self.sizes[1]]
        return sum(round(density * widths[layer] * widths[layer + 1]) for layer, density in enumerate(densities))

    def is_legal(self, point: Mapping[str, Any]) -> bool:
        """Returns whether the network has at most `max_weights` active weights."""
        return self.max_weights is None or (self.active_weights(point) or 0) <= self.max_weights

    def overrides(self, point: Mapping[str, Any]) -> list[str]:
        """Returns the overrides that tell Hydra of a point."""
        depth, width, densities = self.network(point)
        shape = [f"{DEPTH}={depth}", f"{WIDTH}={width}", f"layout.density={write_word(densities)}"]
        return ["layout=sparse_mlp", *self.fixed, *shape]

    def describe(self) -> dict[str, Any]:
        """Returns what identifies the space."""
        return super().describe() | {"max_weights": self.max_weights}


@dataclass(frozen=True)
class NestedSpace(DensitySpace):
    """Holds full networks by units and depth, and sparse ones of `width` units with as many active weights."""

    width: int = 100

    def network(self, point: Mapping[str, Any]) -> tuple[int, int, list[float]]:
        """Returns depth, width and densities; all matrices of a sparse network have one density."""
        depth, units = point[DEPTH], point[UNITS]
        if point[NETWORK] == "full":
            return depth, units, [1.0] * (depth + 1)
        share = self._size(depth, units) / self._size(depth, self.width)
        return depth, self.width, [share] * (depth + 1)

    def _size(self, depth: int, width: int) -> int:
        assert self.sizes is not None
        return (self.sizes[0] + self.sizes[1]) * width + (depth - 1) * width**2

    def is_legal(self, point: Mapping[str, Any]) -> bool:
        """Returns whether the network is no full one by another name, and small enough."""
        return super().is_legal(point) and (point[NETWORK] == "full" or point[UNITS] < self.width)


def build_density(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds the space.

    Args:
        settings: `space.*`: max_depth, min_width, max_width, min_density, max_weights, preset, protocol.
        context: The command line and the data.

    Returns:
        The space.

    Raises:
        UserError: A setting is not as it must be, or needs data whose sizes are known beforehand.
    """
    name, preset = str(settings.get("name", "density")), settings.get("preset")
    if preset not in (None, "nested"):
        raise UserError(f"space.preset must be nested, or null, but got {preset!r}. Pass space.preset=null.")
    min_width, max_width = whole(settings, "min_width", 1, 5), whole(settings, "max_width", 1, 100)
    if min_width > max_width:
        raise UserError(f"space.min_width must be at most max_width, but got {min_width} and {max_width}. Lower it.")
    limit = None if settings.get("max_weights") is None else whole(settings, "max_weights", 1)
    sizes, fixed = _sizes(context), protocol_overrides(settings, context)
    if sizes is None and (limit or preset):
        asked = "space.max_weights" if limit else "space.preset=nested"
        raise UserError(f"{asked} must go with images known by name, whose sizes are known. Leave it out.")
    if preset:
        units = tuple(range(min_width, max_width + 1, STEP))
        nested = (Categorical(NETWORK, ("full", "sparse")), Ordinal(DEPTH, DEPTHS), Ordinal(UNITS, units))
        return NestedSpace(name, nested, fixed, sizes, limit, max_width)
    return DensitySpace(name, _parameters(settings, min_width, max_width), fixed, sizes, limit)


def _parameters(settings: Mapping[str, Any], min_width: int, max_width: int) -> tuple[Parameter, ...]:
    """Builds the parameters: depth, width, and the density of each layer and of the output layer."""
    max_depth, least = whole(settings, "max_depth", 1, 3), settings.get("min_density", 0.02)
    if not isinstance(least, int | float) or isinstance(least, bool) or not 0 < least <= 1:
        raise UserError(f"space.min_density must be above 0 and at most 1, but got {least!r}. Pass 0.02.")
    densities = [
        Float(
            f"density_{layer}",
            float(least),
            1.0,
            log=True,
            when=Condition(DEPTH, tuple(range(layer, max_depth + 1))) if layer > 1 else None,
        )
        for layer in range(1, max_depth + 1)
    ]
    return (
        Int(DEPTH, 1, max_depth),
        Int(WIDTH, min_width, max_width),
        *densities,
        Float("density_out", float(least), 1.0, log=True),
    )


def _sizes(context: SpaceContext) -> tuple[int, int] | None:
    """Returns inputs and outputs of images whose shape the configuration has."""
    data = context.values.get("dataset") or {}
    shape, classes = data.get("image_shape"), data.get("num_classes")
    if not isinstance(shape, list) or not isinstance(classes, int) or not all(isinstance(size, int) for size in shape):
        return None
    return math.prod(shape), classes
