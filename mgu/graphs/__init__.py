"""Random graphs, and networks generated of them before they are built (NAGO: Ru, Esperanca and Carlucci 2020).

https://arxiv.org/abs/2004.01395. Everything is drawn from a seed and a path of indices; nothing depends on what was
drawn before in the process. Imports no torch, and networkx only when a graph is drawn.
"""
