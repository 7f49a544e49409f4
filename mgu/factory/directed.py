"""The directed network of a layout, from its configuration."""

from __future__ import annotations

import math

from mgu.config.directed import DirectedLayoutConfig
from mgu.directed.network import DirectedNetwork, Dynamics
from mgu.factory.resolved_run import ResolvedRun


def build_directed(resolved: ResolvedRun) -> DirectedNetwork:
    """Builds a directed network with initial weights."""
    layout = resolved.config.layout
    assert isinstance(layout, DirectedLayoutConfig)
    dynamics = Dynamics(
        field=layout.field,
        leak=layout.leak,
        dt=layout.dt,
        steps=layout.steps,
        tolerance=layout.tolerance,
        start=layout.start,
        init_std=layout.init_std,
    )
    inputs, num_outputs, _ = resolved.shapes
    return DirectedNetwork(math.prod(inputs), layout.hidden, num_outputs, layout.graph, dynamics)
