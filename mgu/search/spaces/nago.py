"""The space `nago`: generators of networks (Ru, Esperanca and Carlucci 2020), see docs/method/nago.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mgu.errors import UserError
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Ordinal
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Space, write_word
from mgu.search.spaces.context import SpaceContext
from mgu.search.spaces.protocol import protocol_overrides
from mgu.search.spaces.settings import whole
from mgu.text.nearest import did_you_mean

# By preset, the layout that a point begins with, and the fewest and most nodes of the top, mid and bottom graph.
PRESETS = {"tiny": ("nago_tiny", (3, 5), (1, 3), (3, 5)), "full": ("nago_full", (3, 10), (1, 10), (3, 10))}
NEIGHBOURS = (2, 4)  # of a ring; 3 and 5 would be the same as these


@dataclass(frozen=True)
class NagoSpace(Space):
    """Holds generators by the eight numbers of their graphs.

    Attributes:
        fixed: Overrides of all runs: the layout, its seed and its size, and how they are trained.
    """

    fixed: tuple[str, ...] = ()

    def overrides(self, point: Mapping[str, Any]) -> list[str]:
        """Returns the overrides that tell Hydra of a point."""
        values = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in point.items()}
        return [*self.fixed, *(f"{name}={write_word(value)}" for name, value in values.items())]


def build_nago(settings: Mapping[str, Any], context: SpaceContext) -> Space:
    """Builds the space.

    Args:
        settings: `space.*`: preset, graph_seed, max_params, protocol.
        context: The command line and the data.

    Returns:
        The space.

    Raises:
        UserError: A setting is not as it must be.
    """
    preset = settings.get("preset", "tiny")
    if preset not in PRESETS:
        hint = did_you_mean(str(preset), PRESETS) or " Pass space.preset=tiny."
        raise UserError(f"space.preset must be one of {', '.join(PRESETS)}, but got {preset!r}.{hint}")
    layout, top, mid, bottom = PRESETS[preset]
    fixed = [f"layout={layout}", *protocol_overrides(settings, context)]
    fixed.append(f"layout.graph_seed={whole(settings, 'graph_seed', 0, 0)}")
    if settings.get("max_params") is not None:
        fixed.append(f"layout.max_params={whole(settings, 'max_params', 1)}")
    parameters: tuple[Parameter, ...] = (
        Int("layout.top_nodes", *top),
        Ordinal("layout.top_neighbours", NEIGHBOURS),
        Float("layout.top_rewired", 0.1, 1.0),
        Int("layout.mid_nodes", *mid),
        Float("layout.mid_joined", 0.2, 1.0),
        Int("layout.bottom_nodes", *bottom),
        Ordinal("layout.bottom_neighbours", NEIGHBOURS),
        Float("layout.bottom_rewired", 0.1, 1.0),
    )
    return NagoSpace(f"{settings.get('name', 'nago')}_{preset}", parameters, tuple(fixed))
