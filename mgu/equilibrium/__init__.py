"""Equilibrium layers (OptEq): the output is the fixed point of an iteration, and minimises a convex objective.

names.py has the choices, without torch; layer.py the layer, operator.py its bounded weights, solver.py and
conjugate_gradients.py the two iterations, objective.py what is minimised. Xie et al. 2021,
https://arxiv.org/abs/2105.13228
"""
