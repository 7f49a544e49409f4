"""Generated networks: their size by formula, a small one by hand, and runs of them."""

from __future__ import annotations

from random import Random

import pytest
import torch
from torch import nn

from mgu.errors import UserError
from mgu.factory import engine
from mgu.factory.model import build_model, count_flops
from mgu.factory.resolved_run import resolve
from mgu.graphs.generator import Generator, draw_hierarchy
from mgu.graphs.random_graphs import Dag
from mgu.graphs.widths import Sizes, count_parameters, find_widths
from mgu.models.graph_network import GraphNetwork, Merge
from mgu.models.nago import NagoNet
from tests.conftest import Configure
from tests.graphs.test_graphs import tiny

SMALL = ("layout=nago_tiny", "layout.mid_nodes=1", "layout.bottom_nodes=3", "layout.top_nodes=3")


@pytest.mark.parametrize("num_points", [6, pytest.param(200, marks=pytest.mark.long)])
def test_the_number_of_parameters_is_that_of_the_formula_and_within_the_limit(num_points: int) -> None:
    generator = Random(0)
    for seed in range(num_points):
        hierarchy = draw_hierarchy(tiny(generator), seed)
        sizes = Sizes(3, 10, 61_000, 1, head=None if seed % 2 else 40)
        widths = find_widths(hierarchy, sizes)
        with torch.device("meta"):
            network = NagoNet(hierarchy, widths, [3, 8, 8], 10, 0.2)
        params = sum(own.numel() for own in network.parameters())
        assert params == count_parameters(hierarchy, sizes, widths) <= 61_000


def test_a_graph_of_three_nodes_by_hand() -> None:
    """0 leads to 1 and 2, and 1 to 2, which adds both."""
    layers = [nn.Conv2d(2, 2, 1) for _ in range(3)]
    graph = Dag(((), (0,), (0, 1)))
    merges = [Merge([2] * max(len(own), 1), 2) for own in graph.before]
    with torch.no_grad():
        merges[2].weights[0].fill_(0.3)
    network, x = GraphNetwork(graph, merges, layers), torch.randn(4, 2, 3, 3)
    first = layers[0](x)
    second = layers[1](first)
    weight = torch.sigmoid(torch.tensor([0.3, 1.0]))
    torch.testing.assert_close(network(x), layers[2](weight[0] * first + weight[1] * second))


def test_the_mean_of_its_outputs_leaves_a_graph() -> None:
    graph = Dag(((), (0,), (0,)))
    layers = [nn.Conv2d(2, 2, 1) for _ in range(3)]
    network, x = GraphNetwork(graph, [Merge([2], 2) for _ in range(3)], layers), torch.randn(4, 2, 3, 3)
    first = layers[0](x)
    torch.testing.assert_close(network(x), (layers[1](first) + layers[2](first)) / 2)


def test_other_channels_are_convolved_and_other_sizes_pooled() -> None:
    merge = Merge([2, 4], 4, (2, 2))
    assert len(merge.weights) == 1 and merge.weighted == [1]
    a, b = torch.randn(3, 2, 4, 4), torch.randn(3, 4, 2, 2)
    pooled = nn.functional.avg_pool2d(a, 2)
    expected = merge.adapters[0](pooled) + torch.sigmoid(torch.tensor(1.0)) * b
    torch.testing.assert_close(merge([a, b]), expected)


def test_a_node_of_one_part_passes_its_graph_through() -> None:
    hierarchy = draw_hierarchy(Generator(3, 2, 0.0, 1, 0.5, 3, 2, 0.0), 0)
    network = NagoNet(hierarchy, find_widths(hierarchy, Sizes(1, 10, 20_000, 1)), [1, 8, 8], 10, 0.0).eval()
    cell = network.cells.nodes[0]
    assert isinstance(cell, GraphNetwork)
    x = network.stem(torch.randn(2, 1, 8, 8))
    torch.testing.assert_close(cell(x), cell.nodes[0](x))


def test_the_same_configuration_gives_the_same_bits_in_any_order(configure: Configure) -> None:
    def weights(*words: str) -> list[torch.Tensor]:
        resolved = resolve(configure(*SMALL, *words))
        torch.manual_seed(7)
        return [own.detach() for own in build_model(resolved).parameters()]

    first, other = weights(), weights("layout.graph_seed=5", "layout.bottom_nodes=5")
    again = weights()
    assert all(one.equal(two) for one, two in zip(first, again, strict=True))
    assert [own.shape for own in first] != [own.shape for own in other]


def test_the_graph_seed_is_part_of_the_identity(configure: Configure) -> None:
    assert configure(*SMALL).identity != configure(*SMALL, "layout.graph_seed=1").identity


def test_operations_are_counted_without_its_data(configure: Configure) -> None:
    resolved = resolve(configure(*SMALL))
    network = build_model(resolved)
    counted = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        positions = out.shape[2] * out.shape[3] if isinstance(layer, nn.Conv2d) else 1
        counted += 2 * positions * layer.weight.numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    network.eval()(torch.zeros(1, 1, 8, 8))
    assert count_flops(resolved) == counted > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("layout=nago_tiny dataset=adult", "layout must be a dense one where the data are no images"),
        ("layout=nago_tiny norm=ln", "must be alone"),
        ("layout=nago_tiny layout.mid_joined=0", "layout.mid_joined must be greater than 0"),
    ],
)
def test_what_does_not_fit_is_refused(words: str, said: str, configure: Configure) -> None:
    with pytest.raises(UserError, match=said):
        configure(*words.split())


def test_the_engine_native_needs_a_compiler(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = resolve(configure(*SMALL, "engine=native"))
    network = build_model(resolved)
    assert isinstance(network, NagoNet) and network.engine == "native"
    monkeypatch.setattr(engine, "find_library", lambda dtype: None)
    with pytest.raises(UserError, match="engine must be auto or eager for this run, but got native, which needs the"):
        engine.check_engine(resolved)


def test_too_small_a_limit_is_refused(configure: Configure) -> None:
    with pytest.raises(UserError, match="max_params must allow for the narrowest network"):
        build_model(resolve(configure(*SMALL, "layout.max_params=500")))
