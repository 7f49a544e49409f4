"""How an equilibrium is defined and found, as one value."""

from __future__ import annotations

from typing import NamedTuple

from mgu.equilibrium.names import Prior, Solver


class Settings(NamedTuple):
    """Holds how an equilibrium is defined and found.

    Attributes:
        inner_activation: s, one of mgu/equilibrium/names.py.
        sublayers: L, the number of maps that are applied in turn.
        averaging: a >= 1, each map is (1/a) f + (1 - 1/a) z; without effect on the fixed point of a single one.
        norm_bound: Largest norm of every W, in (0, 1].
        power_iterations: Power iterations a step that estimate it.
        solver: How the fixed point is found.
        tolerance: Relative residual at which training stops to iterate, forward and backward.
        eval_tolerance: The same in evaluation.
        max_iterations: Applications of the map, at most.
        prior: What is asked of z beside the equation, see mgu/equilibrium/composed.py.
        prior_weight: How strongly.
        viscosity_steps: Steps over which the viscosity falls as 2 / k.
    """

    inner_activation: str = "relu"
    sublayers: int = 1
    averaging: float = 1.0
    norm_bound: float = 0.95
    power_iterations: int = 5
    solver: Solver = "picard"
    tolerance: float = 1e-3
    eval_tolerance: float = 1e-6
    max_iterations: int = 100
    prior: Prior = "none"
    prior_weight: float = 0.0
    viscosity_steps: int = 20
