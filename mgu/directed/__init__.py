"""Directed networks that relax to an equilibrium, and learning from two relaxations without a backward pass (DEEP).

network.py has the dynamics, rule.py the learning rule, gradient.py what it should be, sparsify.py what removes
connections, certificates.py what can be proven of stability. Farinha et al. 2020, https://arxiv.org/abs/2006.08798

Names are imported on first use: the configuration needs the names of the choices only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgu import import_on_first_use

if TYPE_CHECKING:
    from mgu.directed.network import DirectedNetwork as DirectedNetwork
    from mgu.directed.network import Dynamics as Dynamics
    from mgu.directed.rule import EquilibriumRule as EquilibriumRule
    from mgu.directed.rule import RuleSettings as RuleSettings

_HOMES = {
    "DirectedNetwork": "network",
    "Dynamics": "network",
    "EquilibriumRule": "rule",
    "RuleSettings": "rule",
}
__all__ = list(_HOMES)

__getattr__ = import_on_first_use(__name__, _HOMES)
