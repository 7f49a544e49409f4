"""Random graphs of networkx, connected, and directed from lower to higher node numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from mgu.errors import UserError, how_to_install

TRIES = 1000  # until a graph is connected


class Dag(NamedTuple):
    """Holds a directed acyclic graph.

    Attributes:
        before: For each node, the nodes that lead to it, all with lower numbers.
    """

    before: tuple[tuple[int, ...], ...]

    @property
    def inputs(self) -> list[int]:
        """The nodes that nothing leads to."""
        return [node for node, sources in enumerate(self.before) if not sources]

    @property
    def outputs(self) -> list[int]:
        """The nodes that lead to nothing; the only node of a graph is input and output."""
        leading = {node for sources in self.before for node in sources}
        return [node for node in range(len(self.before)) if node not in leading]


def direct(num_nodes: int, edges: Iterable[tuple[int, int]]) -> Dag:
    """Directs the edges of a graph from the lower to the higher node number.

    Args:
        num_nodes: Number of nodes, which are numbered from 0.
        edges: Pairs of nodes, in any order.

    Returns:
        The graph.
    """
    before: list[set[int]] = [set() for _ in range(num_nodes)]
    for edge in edges:
        before[max(edge)].add(min(edge))
    return Dag(tuple(tuple(sorted(sources)) for sources in before))


def draw_watts_strogatz(num_nodes: int, neighbours: int, rewired: float, seed: int) -> Dag:
    """Draws a connected Watts-Strogatz graph: a ring whose edges are rewired at random.

    Args:
        num_nodes: Number of nodes.
        neighbours: Neighbours of a node on the ring, cut to num_nodes - 1. Half of them are on either side, so that 3
            is the same as 2; two nodes are joined.
        rewired: Probability with which an edge is rewired.
        seed: Seed of the graph.

    Returns:
        The graph.

    Raises:
        UserError: networkx is not installed, or no graph is connected after many tries.
    """
    if num_nodes <= 2:
        return direct(num_nodes, [(0, 1)] if num_nodes == 2 else [])
    networkx = _import_networkx()
    try:
        graph = networkx.connected_watts_strogatz_graph(
            num_nodes, min(neighbours, num_nodes - 1), rewired, tries=TRIES, seed=seed
        )
    except networkx.NetworkXError:
        raise _not_connected(f"{num_nodes} nodes with {neighbours} neighbours, {rewired:g} of them rewired") from None
    return direct(num_nodes, graph.edges)


def draw_erdos_renyi(num_nodes: int, joined: float, seed: int) -> Dag:
    """Draws a connected Erdos-Renyi graph: each two nodes are joined with the same probability.

    Args:
        num_nodes: Number of nodes.
        joined: The probability.
        seed: Seed of the first graph; the next ones, until one is connected, have the next seeds.

    Returns:
        The graph.

    Raises:
        UserError: networkx is not installed, or no graph is connected after many tries.
    """
    if num_nodes == 1:
        return direct(1, [])
    networkx = _import_networkx()
    for number in range(TRIES):
        graph = networkx.erdos_renyi_graph(num_nodes, joined, seed=seed + number)
        if networkx.is_connected(graph):
            return direct(num_nodes, graph.edges)
    raise _not_connected(f"{num_nodes} nodes, {joined:g} of which are joined")


def _import_networkx() -> Any:
    try:
        import networkx  # type: ignore[import-untyped]  # takes long to import, and is optional
    except ImportError:
        raise UserError(
            f"networkx must be installed to draw the graphs of a layout, but is not. {how_to_install('search')}"
        ) from None
    return networkx


def _not_connected(graph: str) -> UserError:
    return UserError(
        f"the graphs of a layout must be connected, but none of {TRIES:,} drawn ones is, of {graph}. Raise the share."
    )
