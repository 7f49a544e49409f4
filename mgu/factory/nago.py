"""Networks of random graphs, from a configuration."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.config.nago_layout import NagoLayoutConfig
from mgu.factory.blocks import BLOCK_ENGINES
from mgu.factory.resolved_run import ResolvedRun
from mgu.graphs.generator import Cell, Hierarchy, draw_hierarchy
from mgu.graphs.random_graphs import direct
from mgu.graphs.widths import Sizes, Widths, find_widths
from mgu.models.nago import NagoNet


def build_nago(resolved: ResolvedRun) -> NagoNet:
    """Builds a network of random graphs, as wide as its limit allows."""
    layout = resolved.config.layout
    assert isinstance(layout, NagoLayoutConfig)
    (*image_shape,), num_outputs, _ = resolved.shapes
    engine = BLOCK_ENGINES[resolved.config.engine]
    hierarchy = draw_hierarchy(layout.generator, layout.graph_seed)
    sizes = Sizes(image_shape[0], num_outputs, layout.max_params, layout.channel_step, layout.head)
    return NagoNet(hierarchy, find_widths(hierarchy, sizes), image_shape, num_outputs, layout.dropout, engine)


def build_warmup_nago(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest network of one operation, with images for it."""
    single, channels = direct(1, []), resolved.shapes.inputs[0]
    hierarchy = Hierarchy(single, (Cell(0, single, (single,)),))
    network = NagoNet(hierarchy, Widths((1, 2, 4), 1), (channels, 4, 4), 1, 0.0, BLOCK_ENGINES[resolved.config.engine])
    return [(network, torch.ones(2, channels, 4, 4))]
