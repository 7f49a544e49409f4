"""The directed network of a layout, from its configuration."""

from __future__ import annotations

from mgu.config.directed import DirectedLayoutConfig
from mgu.directed.network import DirectedNetwork, Dynamics


def build_directed(layout: DirectedLayoutConfig, num_inputs: int, num_outputs: int) -> DirectedNetwork:
    """Builds a directed network.

    Args:
        layout: The layout.
        num_inputs: Numbers of an example.
        num_outputs: Numbers to be predicted, or classes.

    Returns:
        The network with initial weights.
    """
    dynamics = Dynamics(
        field=layout.field,
        leak=layout.leak,
        dt=layout.dt,
        steps=layout.steps,
        tolerance=layout.tolerance,
        start=layout.start,
        init_std=layout.init_std,
    )
    return DirectedNetwork(num_inputs, layout.hidden, num_outputs, layout.graph, dynamics)
