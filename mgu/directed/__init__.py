"""Directed networks that relax to an equilibrium, and learning from two relaxations without a backward pass (DEEP).

network.py has the dynamics, rule.py the learning rule, gradient.py what it should be, sparsify.py what removes
connections, certificates.py what can be proven of stability. Farinha et al. 2020, https://arxiv.org/abs/2006.08798
"""
