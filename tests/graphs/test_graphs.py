"""Random graphs against networkx, and the plans of networks made of them."""

from __future__ import annotations

from random import Random
from typing import Any

import networkx  # type: ignore[import-untyped]
import pytest

from mgu.errors import UserError
from mgu.graphs.generator import Generator, draw_hierarchy
from mgu.graphs.random_graphs import Dag, direct, draw_erdos_renyi, draw_watts_strogatz
from mgu.graphs.widths import Sizes, count_parameters, find_widths


def edges(graph: Dag) -> set[tuple[int, int]]:
    return {(own, node) for node, before in enumerate(graph.before) for own in before}


def tiny(generator: Random) -> Generator:
    values: list[Any] = [
        *(generator.randint(3, 5), generator.choice((2, 4)), generator.uniform(0.1, 1)),
        *(generator.randint(1, 3), generator.uniform(0.2, 1)),
        *(generator.randint(3, 5), generator.choice((2, 4)), generator.uniform(0.1, 1)),
    ]
    return Generator(*values)


@pytest.mark.parametrize(("nodes", "neighbours", "rewired"), [(3, 2, 0.5), (8, 4, 0.3), (10, 5, 1.0), (32, 4, 0.75)])
def test_a_ring_is_networkx_s_edge_by_edge(nodes: int, neighbours: int, rewired: float) -> None:
    for seed in range(5):
        theirs = networkx.connected_watts_strogatz_graph(nodes, min(neighbours, nodes - 1), rewired, 1000, seed=seed)
        ours = draw_watts_strogatz(nodes, neighbours, rewired, seed)
        assert edges(ours) == {(min(edge), max(edge)) for edge in theirs.edges}


def test_joined_nodes_are_those_of_networkx_s_first_connected_graph() -> None:
    for seed in range(5):
        graphs = (networkx.erdos_renyi_graph(6, 0.3, seed=seed + number) for number in range(1000))
        first = next(graph for graph in graphs if networkx.is_connected(graph))
        assert edges(draw_erdos_renyi(6, 0.3, seed)) == {(min(edge), max(edge)) for edge in first.edges}


def test_an_odd_number_of_neighbours_is_the_even_one_below() -> None:
    assert draw_watts_strogatz(9, 3, 0.4, 1) == draw_watts_strogatz(9, 2, 0.4, 1)
    assert draw_watts_strogatz(9, 5, 0.4, 1) == draw_watts_strogatz(9, 4, 0.4, 1)


def test_a_ring_that_is_not_rewired_is_a_chain_with_one_long_skip() -> None:
    assert edges(draw_watts_strogatz(6, 2, 0.0, 0)) == {(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)}


def test_few_nodes_have_inputs_and_outputs() -> None:
    assert draw_watts_strogatz(1, 2, 0.5, 0) == draw_erdos_renyi(1, 0.5, 0) == Dag(((),))
    assert Dag(((),)).inputs == Dag(((),)).outputs == [0]
    assert draw_watts_strogatz(2, 2, 0.5, 0).before == ((), (0,))


def test_all_nodes_are_reached_from_an_input_and_reach_an_output() -> None:
    for seed in range(20):
        graph = draw_watts_strogatz(7, 4, 0.8, seed)
        own = networkx.DiGraph(sorted(edges(graph)))
        assert networkx.is_directed_acyclic_graph(own)
        reached = set().union(*({node, *networkx.descendants(own, node)} for node in graph.inputs))
        reaching = set().union(*({node, *networkx.ancestors(own, node)} for node in graph.outputs))
        assert reached == reaching == set(range(7))


def test_what_is_never_connected_has_a_name() -> None:
    with pytest.raises(UserError, match="must be connected, but none of 1,000"):
        draw_erdos_renyi(10, 0.001, 0)


def test_the_same_point_is_the_same_network_in_any_order() -> None:
    generator = Random(0)
    points = [tiny(generator) for _ in range(5)]
    first = [draw_hierarchy(point, 3) for point in points]
    assert [draw_hierarchy(point, 3) for point in reversed(points)] == first[::-1]
    assert draw_hierarchy(points[0], 4) != first[0]


def test_cells_have_graphs_of_their_own() -> None:
    hierarchy = draw_hierarchy(Generator(5, 2, 0.5, 4, 0.5, 6, 2, 0.9), 0)
    assert len({cell.graph for cell in hierarchy.cells}) > 1
    assert len({part for cell in hierarchy.cells for part in cell.parts}) > 10


@pytest.mark.parametrize(("nodes", "stages"), [(3, "012"), (10, "0000111222"), (1, "0"), (5, "00112")])
def test_stages_are_thirds(nodes: int, stages: str) -> None:
    hierarchy = draw_hierarchy(Generator(nodes, 2, 0.5, 1, 0.5, 3, 2, 0.5), 0)
    assert "".join(str(cell.stage) for cell in hierarchy.cells) == stages


def test_random_wiring_is_a_special_case() -> None:
    """Xie et al. (2019): three stages, each one Watts-Strogatz graph of 32 nodes."""
    hierarchy = draw_hierarchy(Generator(3, 2, 0.0, 1, 0.5, 32, 4, 0.75), 0)
    assert [len(cell.parts) for cell in hierarchy.cells] == [1, 1, 1]
    assert all(len(cell.parts[0].before) == 32 for cell in hierarchy.cells)


@pytest.mark.parametrize(("step", "limit", "least"), [(1, 61_000, 0.85), (4, 4_000_000, 0.95)])
def test_widths_fill_the_limit(step: int, limit: int, least: float) -> None:
    generator = Random(1)
    for seed in range(100):
        hierarchy = draw_hierarchy(tiny(generator), seed)
        sizes = Sizes(1, 10, limit, step)
        widths = find_widths(hierarchy, sizes)
        params = count_parameters(hierarchy, sizes, widths)
        assert least * limit <= params <= limit
        assert all(own % step == 0 for own in widths.stages)


def test_edges_are_directed_from_lower_to_higher_numbers() -> None:
    assert direct(3, [(2, 0), (1, 2)]).before == ((), (), (0, 1))
