"""Random graphs, and networks generated of them before they are built (NAGO: Ru, Esperanca and Carlucci 2020).

https://arxiv.org/abs/2004.01395. Everything is drawn from a seed and a path of indices; nothing depends on what was
drawn before in the process. Imports no torch, and networkx only when a graph is drawn.
"""

from mgu.graphs.generator import Cell, Generator, Hierarchy, draw_hierarchy
from mgu.graphs.random_graphs import Dag, direct, draw_erdos_renyi, draw_watts_strogatz
from mgu.graphs.widths import Sizes, Widths, count_parameters, find_widths

__all__ = [
    "Cell",
    "Dag",
    "Generator",
    "Hierarchy",
    "Sizes",
    "Widths",
    "count_parameters",
    "direct",
    "draw_erdos_renyi",
    "draw_hierarchy",
    "draw_watts_strogatz",
    "find_widths",
]
