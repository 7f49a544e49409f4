"""Networks that NAGO generates (Ru, Esperanca and Carlucci 2020), from their graphs.

https://arxiv.org/abs/2004.01395. A node merges what leads to it: a sum, each term times a learned sigmoid. An operation
is ReLU, a 3x3 convolution and batch norm. The mean of its outputs leaves a graph.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.graphs.generator import Cell, Hierarchy
from mgu.graphs.random_graphs import Dag
from mgu.graphs.widths import Widths
from mgu.layers.normalization import BatchNorm
from mgu.layers.weight_init import glorot_

SMALL = 40  # pixels of an image's side, from which on the stem halves it twice


class GraphNetwork(nn.Module):
    """Applies a module at every node of a graph.

    Args:
        graph: The graph.
        merges: By node, what makes one tensor of those that lead to it.
        nodes: By node, the module.
        ends: By output, what its tensor is brought to the others' shape by.

    Shape:
        x: (B, C, H, W), for all inputs of the graph; returns (B, C', H', W'), the mean of its outputs.
    """

    def __init__(
        self,
        graph: Dag,
        merges: Sequence[nn.Module],
        nodes: Sequence[nn.Module],
        ends: Sequence[nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.graph = graph
        self.merges, self.nodes = nn.ModuleList(merges), nn.ModuleList(nodes)
        self.ends = nn.ModuleList(ends or [nn.Identity() for _ in graph.outputs])

    def forward(self, x: Tensor) -> Tensor:
        computed: list[Tensor] = []
        for before, merge, node in zip(self.graph.before, self.merges, self.nodes, strict=True):
            computed.append(node(merge([computed[source] for source in before] or [x])))
        outputs = [end(computed[node]) for node, end in zip(self.graph.outputs, self.ends, strict=True)]
        mean: Tensor = sum(outputs[1:], outputs[0]) / len(outputs)
        return mean


class Merge(nn.Module):
    """Adds tensors, each brought to one shape: a 1x1 convolution where channels differ, else times a learned sigmoid.

    Args:
        in_channels: Channels of each tensor.
        channels: Channels of the sum.
        size: Height and width of the sum in pixels; None: those of the tensors.

    Shape:
        tensors: (B, C, H, W) each; returns (B, channels, *size).
    """

    def __init__(self, in_channels: Sequence[int], channels: int, size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.size = size
        self.weighted = [index for index, num in enumerate(in_channels) if num == channels and len(in_channels) > 1]
        self.weights = nn.ParameterList([nn.Parameter(torch.ones(())) for _ in self.weighted])
        self.adapters = nn.ModuleList(
            nn.Identity() if num == channels else _convolution(num, channels, 1) for num in in_channels
        )

    def forward(self, tensors: Sequence[Tensor]) -> Tensor:
        parts = [adapter(self._resize(tensor)) for adapter, tensor in zip(self.adapters, tensors, strict=True)]
        for index, weight in zip(self.weighted, self.weights, strict=True):
            parts[index] = parts[index] * torch.sigmoid(weight)
        total: Tensor = sum(parts[1:], parts[0])
        return total

    def _resize(self, x: Tensor) -> Tensor:
        if self.size is None or tuple(x.shape[-2:]) == self.size:
            return x
        return F.adaptive_avg_pool2d(x, self.size)


class NagoNet(nn.Module):
    """Classifies images by a stem, a graph of cells, a 1x1 convolution, global average pooling, dropout and a read-out.

    Args:
        hierarchy: The graphs of the network.
        widths: Its channels.
        image_shape: Channels, height and width of an image in pixels.
        num_outputs: Number of outputs, K.
        dropout: Probability with which dropout zeroes a pooled feature.

    Shape:
        images: (B, C, H, W); returns (B, K).
    """

    def __init__(
        self, hierarchy: Hierarchy, widths: Widths, image_shape: Sequence[int], num_outputs: int, dropout: float
    ) -> None:
        super().__init__()
        in_channels, *sides = image_shape
        strides = 1 if min(sides) < SMALL else 2
        first, last = widths.stages[0], widths.stages[hierarchy.last_stage]
        self.stem = nn.Sequential(
            *(_convolution(in_channels, first, 3, strides), _norm(first), nn.ReLU()),
            *(_convolution(first, first, 3, strides), _norm(first)),
        )
        height, width = (_halve(_halve(side, strides), strides) for side in sides)
        sizes = [(_halve(height, 2**stage), _halve(width, 2**stage)) for stage in range(len(widths.stages))]
        self.cells = _build_top(hierarchy, widths, sizes)
        self.head = nn.Sequential(nn.ReLU(), _convolution(last, widths.head, 1), _norm(widths.head), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(widths.head, num_outputs)
        glorot_(self.readout)

    def forward(self, images: Tensor) -> Tensor:
        features = self.head(self.cells(self.stem(images)))  # (B, head, H', W')
        outputs: Tensor = self.readout(self.dropout(features.mean(dim=(2, 3))))  # (B, K)
        return outputs


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
    ends = [_End(widths.stages[stages[node]], widths.stages[last], sizes[last]) for node in graph.outputs]
    return GraphNetwork(graph, merges, nodes, ends)


class _End(nn.Module):
    """Brings an output of the top graph to the shape of the last stage."""

    def __init__(self, in_channels: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.merge = Merge([in_channels], channels, size)

    def forward(self, x: Tensor) -> Tensor:
        merged: Tensor = self.merge([x])
        return merged


def _build_cell(cell: Cell, channels: int) -> GraphNetwork:
    return _build_graph(cell.graph, channels, [_build_part(part, channels) for part in cell.parts])


def _build_part(graph: Dag, channels: int) -> GraphNetwork:
    nodes = [nn.Sequential(nn.ReLU(), _convolution(channels, channels, 3), _norm(channels)) for _ in graph.before]
    return _build_graph(graph, channels, nodes)


def _build_graph(graph: Dag, channels: int, nodes: Sequence[nn.Module]) -> GraphNetwork:
    merges = [Merge([channels] * max(len(sources), 1), channels) for sources in graph.before]
    return GraphNetwork(graph, merges, nodes)


def _convolution(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Conv2d:
    """Returns a convolution that keeps the size, or halves it, without a bias, for a batch norm follows."""
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False)
    glorot_(layer)
    return layer


def _norm(channels: int) -> BatchNorm:
    return BatchNorm(channels, channel_axis=-3)


def _halve(side: int, factor: int) -> int:
    """Returns the side of an image divided by a factor, rounded up; at least 1."""
    return max(-(-side // factor), 1)
