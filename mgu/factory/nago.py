"""Networks of random graphs, from a configuration."""

from __future__ import annotations

from mgu.config.nago_layout import NagoLayoutConfig
from mgu.factory.resolved_run import ResolvedRun
from mgu.graphs.generator import draw_hierarchy
from mgu.graphs.widths import Sizes, find_widths
from mgu.models.nago import NagoNet


def build_nago(resolved: ResolvedRun) -> NagoNet:
    """Builds a network of random graphs, as wide as its limit allows."""
    layout = resolved.config.layout
    assert isinstance(layout, NagoLayoutConfig)
    (*image_shape,), num_outputs, _ = resolved.shapes
    hierarchy = draw_hierarchy(layout.generator, layout.graph_seed)
    sizes = Sizes(image_shape[0], num_outputs, layout.max_params, layout.channel_step, layout.head)
    return NagoNet(hierarchy, find_widths(hierarchy, sizes), image_shape, num_outputs, layout.dropout)
