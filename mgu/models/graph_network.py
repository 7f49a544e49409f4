"""A graph of modules: nodes that merge what leads to them, and the mean of the outputs.

Xie et al. 2019, https://arxiv.org/abs/1904.01569: a node adds what leads to it, each term times a learned sigmoid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.graphs.random_graphs import Dag
from mgu.layers.weight_init import glorot_


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
            nn.Identity() if num == channels else convolution(num, channels, 1) for num in in_channels
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


class End(nn.Module):
    """Brings an output of the top graph to the shape of the last stage."""

    def __init__(self, in_channels: int, channels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.merge = Merge([in_channels], channels, size)

    def forward(self, x: Tensor) -> Tensor:
        merged: Tensor = self.merge([x])
        return merged


def convolution(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Conv2d:
    """Returns a convolution that keeps the size, or halves it, without a bias, for a batch norm follows."""
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False)
    glorot_(layer)
    return layer
