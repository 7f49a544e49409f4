"""Networks of recurrent layouts, from a configuration."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.config.layouts import RecurrentLayoutConfig
from mgu.factory.blocks import build_block
from mgu.factory.resolved_run import ResolvedRun
from mgu.layers.channels import Channels
from mgu.layers.recurrent import LSTM, Recurrent
from mgu.models.mlp import MLP


def build_recurrent(resolved: ResolvedRun) -> MLP:
    """Builds the blocks of a recurrent layout and the read-out of the last state."""
    config, layout = resolved.config, resolved.config.layout
    assert isinstance(layout, RecurrentLayoutConfig)
    num_features, num_outputs = resolved.shapes.inputs[-1], resolved.shapes.num_outputs
    sizes, last = [num_features, *[layout.width] * (layout.depth - 1)], layout.depth - 1
    layers = [recurrent_layer(layout, size, returns_all=index < last) for index, size in enumerate(sizes)]
    channels = Channels(layout.width, -1)
    blocks = [build_block(config, layer, index, channels) for index, layer in enumerate(layers)]
    return MLP(blocks, layout.width, num_outputs, layout.dropout, reads_steps=True)


def build_warmup_recurrent(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest block of the network, with a sequence for it."""
    layout = resolved.config.layout
    assert isinstance(layout, RecurrentLayoutConfig)
    layer = recurrent_layer(layout, 1, returns_all=False)
    return [(build_block(resolved.config, layer, 0, Channels(layout.width, -1)), torch.ones(2, 2, 1))]


def recurrent_layer(layout: RecurrentLayoutConfig, in_features: int, returns_all: bool) -> nn.Module:
    """Builds a layer of a recurrent layout.

    Args:
        layout: Its cell, width and initial weights.
        in_features: Features of a step of its input.
        returns_all: Whether it returns all states; else the last one.

    Returns:
        The layer.
    """
    if layout.cell == "lstm":
        return LSTM(in_features, layout.width, returns_all)
    return Recurrent(in_features, layout.width, layout.cell, layout.start, layout.input_std, returns_all)
