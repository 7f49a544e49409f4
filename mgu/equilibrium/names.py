"""The choices that an equilibrium layer has, by name. Imports no torch."""

from __future__ import annotations

from typing import Literal, get_args

# Slopes in [0, 1]: only then is the map a proximal operator, and its iteration sure to converge.
InnerActivation = Literal["relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid"]
INNER_ACTIVATIONS: tuple[InnerActivation, ...] = get_args(InnerActivation)
SLOPES_ELSEWHERE = {"selu": "from 0 to 1.76", "gelu": "from -0.13 to 1.13", "silu": "from -0.10 to 1.10"}
Solver = Literal["picard", "anderson"]
Prior = Literal["none", "l1", "l2", "viscosity"]


def refuse_activation(name: str) -> str:
    """Describes why an activation cannot be inside of the iteration, and what can.

    Args:
        name: What was asked for.

    Returns:
        The words that follow the name of the setting.
    """
    slopes = f", whose slopes are {SLOPES_ELSEWHERE[name]}" if name in SLOPES_ELSEWHERE else ""
    return (
        f"must be one of {', '.join(INNER_ACTIVATIONS)}, whose slopes lie in [0, 1], but got {name}{slopes}. "
        "Around the layer, as layout.activation, any can be used."
    )
