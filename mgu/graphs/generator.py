"""A generator of networks: three nested random graphs, drawn from eight numbers and a seed.

Every node of the top graph is a cell with a mid graph of its own; every node of that has a bottom graph of its own,
whose nodes are operations.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from mgu.graphs.random_graphs import Dag, draw_erdos_renyi, draw_watts_strogatz

STAGES = 3


class Generator(NamedTuple):
    """Holds the numbers of a generator.

    Attributes:
        top_nodes: Nodes of the Watts-Strogatz graph of cells.
        top_neighbours: Neighbours of a node in its ring.
        top_rewired: Share of the edges that are rewired.
        mid_nodes: Nodes of the Erdos-Renyi graph in a cell.
        mid_joined: Probability with which two of them are joined.
        bottom_nodes: Operations of the Watts-Strogatz graph in a node of a cell.
        bottom_neighbours: Neighbours of an operation in its ring.
        bottom_rewired: Share of the edges that are rewired.
    """

    top_nodes: int
    top_neighbours: int
    top_rewired: float
    mid_nodes: int
    mid_joined: float
    bottom_nodes: int
    bottom_neighbours: int
    bottom_rewired: float


class Cell(NamedTuple):
    """Holds a node of the top graph.

    Attributes:
        stage: 0, 1 or 2: in each, an image has half the side and twice the channels of the stage before.
        graph: Its mid graph.
        parts: The bottom graph of each node of that.
    """

    stage: int
    graph: Dag
    parts: tuple[Dag, ...]


class Hierarchy(NamedTuple):
    """Holds the graphs of one network.

    Attributes:
        graph: The top graph.
        cells: The cell of each node of that.
    """

    graph: Dag
    cells: tuple[Cell, ...]

    @property
    def last_stage(self) -> int:
        """The stage of the last cell, which all outputs are brought to."""
        return self.cells[-1].stage


def draw_hierarchy(generator: Generator, graph_seed: int) -> Hierarchy:
    """Draws the graphs of a network.

    Args:
        generator: The numbers that they are drawn from.
        graph_seed: Seed of all graphs; each has a stream of its own by its level and its place.

    Returns:
        The graphs, the same for the same arguments.

    Raises:
        UserError: A graph is not connected after many tries, or networkx is not installed.
    """
    top_nodes, mid_nodes = generator.top_nodes, generator.mid_nodes
    top = draw_watts_strogatz(top_nodes, generator.top_neighbours, generator.top_rewired, _seed(graph_seed, "top"))
    bottom = generator.bottom_nodes, generator.bottom_neighbours, generator.bottom_rewired
    cells = []
    for index in range(top_nodes):
        mid = draw_erdos_renyi(mid_nodes, generator.mid_joined, _seed(graph_seed, "mid", index))
        parts = [draw_watts_strogatz(*bottom, _seed(graph_seed, "bottom", index, part)) for part in range(mid_nodes)]
        cells.append(Cell(index * STAGES // top_nodes, mid, tuple(parts)))
    return Hierarchy(top, tuple(cells))


def _seed(graph_seed: int, level: str, *path: int) -> int:
    """Returns the seed of one graph."""
    return Random(f"{graph_seed} {level} {path}").getrandbits(31)
