"""Equilibrium layers (OptEq): the output is the fixed point of an iteration, and minimises a convex objective.

names.py has the choices, without torch; layer.py the layer, operator.py its bounded weights, solver.py and
conjugate_gradients.py the two iterations, objective.py what is minimised. Xie et al. 2021,
https://arxiv.org/abs/2105.13228

Names are imported on first use: the configuration needs the names of the choices only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.equilibrium.layer import Equilibrium as Equilibrium
    from mgu.equilibrium.layer import convolutional_equilibrium as convolutional_equilibrium
    from mgu.equilibrium.layer import dense_equilibrium as dense_equilibrium
    from mgu.equilibrium.settings import Settings as Settings

_HOMES = {
    "Equilibrium": "layer",
    "Settings": "settings",
    "convolutional_equilibrium": "layer",
    "dense_equilibrium": "layer",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)
