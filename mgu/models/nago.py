"""Networks that NAGO generates (Ru, Esperanca and Carlucci 2020), from their graphs.

https://arxiv.org/abs/2004.01395. An operation is ReLU, a 3x3 convolution and batch norm; graph_network.py has
the rest of a graph. A network is computed by one of two engines with the same numbers:

eager    module by module: the plain implementation, which the other is tested against
native   as a list of steps in one compiled function (mgu/planned), from the images to the pooled features: on the CPU,
         with a C compiler

`auto` is native where that is possible and faster: for batches, and for networks that are not wide. What torch looks
into is always eager.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mgu.graphs.generator import Cell, Hierarchy
from mgu.graphs.random_graphs import Dag
from mgu.graphs.widths import Widths
from mgu.layers.block import BlockEngine
from mgu.layers.normalization import BatchNorm
from mgu.layers.obstacle import Obstacle
from mgu.layers.weight_init import glorot_
from mgu.models.graph_network import End, GraphNetwork, Merge, convolution
from mgu.models.graph_plan import plan_graph, plan_sequence
from mgu.planned.function import apply_plan
from mgu.planned.memory import PlanMemory
from mgu.planned.plan import Plan, Planner, Size, Weighted

FEWEST, WIDEST = 16, 64  # images of a batch, and channels of a stage, between which engine=auto is native
SMALL = 40  # pixels of an image's side, from which on the stem halves it twice


class NagoNet(nn.Module):
    """Classifies images by a stem, a graph of cells, a 1x1 convolution, global average pooling, dropout and a read-out.

    Args:
        hierarchy: The graphs of the network.
        widths: Its channels.
        image_shape: Channels, height and width of an image in pixels.
        num_outputs: Number of outputs, K.
        dropout: Probability with which dropout zeroes a pooled feature.
        engine: How the network is computed; the attribute can be set later.

    Shape:
        images: (B, C, H, W); returns (B, K).
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        widths: Widths,
        image_shape: Sequence[int],
        num_outputs: int,
        dropout: float,
        engine: BlockEngine = "auto",
    ) -> None:
        super().__init__()
        self.engine, self._memory = engine, PlanMemory()
        self._is_narrow = widths.stages[hierarchy.last_stage] <= WIDEST
        in_channels, *sides = image_shape
        strides = 1 if min(sides) < SMALL else 2
        first, last = widths.stages[0], widths.stages[hierarchy.last_stage]
        self.stem = nn.Sequential(
            *(convolution(in_channels, first, 3, strides), _norm(first), nn.ReLU()),
            *(convolution(first, first, 3, strides), _norm(first)),
        )
        height, width = (_halve(_halve(side, strides), strides) for side in sides)
        sizes = [(_halve(height, 2**stage), _halve(width, 2**stage)) for stage in range(len(widths.stages))]
        self.cells = _build_top(hierarchy, widths, sizes)
        self.head = nn.Sequential(nn.ReLU(), convolution(last, widths.head, 1), _norm(widths.head), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(widths.head, num_outputs)
        glorot_(self.readout)

    def forward(self, images: Tensor) -> Tensor:
        outputs: Tensor = self.readout(self.dropout(self._pool_features(images)))  # (B, K)
        return outputs

    def _pool_features(self, images: Tensor) -> Tensor:
        """Returns what dropout and the read-out get, (B, head)."""
        if self.engine == "native" or (self.engine == "auto" and self._is_narrow and len(images) >= FEWEST):
            ready = self._memory.recall(self, images, self._plan)
            if not isinstance(ready, Obstacle):
                return apply_plan(*ready, images).flatten(1)
            if self.engine == "native":
                raise ValueError(f"engine must be eager or auto {ready.reason}, but got native. Set network.engine.")
        features: Tensor = self.head(self.cells(self.stem(images)))  # (B, head, H', W')
        return features.mean(dim=(2, 3))

    def _plan(self, channels: int, size: Size, width: int) -> Plan:
        """Plans the same for a compiled function."""
        planner = Planner(channels, size)
        x = plan_sequence(planner, self.stem, [Weighted(planner.arrays[0])])
        x = plan_graph(planner, self.cells, x)
        x = plan_sequence(planner, self.head, [Weighted(x)])
        return Plan(planner, planner.pool(x, (1, 1)), width)


def _build_top(hierarchy: Hierarchy, widths: Widths, sizes: Sequence[tuple[int, int]]) -> GraphNetwork:
    graph, cells = hierarchy
    stages = [cell.stage for cell in cells]
    merges, nodes = [], []
    for node, (before, cell) in enumerate(zip(graph.before, cells, strict=True)):
        sources = [widths.stages[stages[source]] for source in before] or [widths.stages[0]]
        channels = widths.stages[stages[node]]
        merges.append(Merge(sources, channels, sizes[stages[node]]))
        nodes.append(_build_cell(cell, channels))
    last = hierarchy.last_stage
    ends = [End(widths.stages[stages[node]], widths.stages[last], sizes[last]) for node in graph.outputs]
    return GraphNetwork(graph, merges, nodes, ends)


def _build_cell(cell: Cell, channels: int) -> GraphNetwork:
    return _build_graph(cell.graph, channels, [_build_part(part, channels) for part in cell.parts])


def _build_part(graph: Dag, channels: int) -> GraphNetwork:
    nodes = [nn.Sequential(nn.ReLU(), convolution(channels, channels, 3), _norm(channels)) for _ in graph.before]
    return _build_graph(graph, channels, nodes)


def _build_graph(graph: Dag, channels: int, nodes: Sequence[nn.Module]) -> GraphNetwork:
    merges = [Merge([channels] * max(len(sources), 1), channels) for sources in graph.before]
    return GraphNetwork(graph, merges, nodes)


def _norm(channels: int) -> BatchNorm:
    return BatchNorm(channels, channel_axis=-3)


def _halve(side: int, factor: int) -> int:
    """Returns the side of an image divided by a factor, rounded up; at least 1."""
    return max(-(-side // factor), 1)
