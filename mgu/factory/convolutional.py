"""Networks of convolutional layouts, from a configuration."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.config.layouts import Convolution, LayoutConfig
from mgu.config.run import RunConfig
from mgu.factory.blocks import build_block
from mgu.factory.imported import import_layer
from mgu.factory.resolved_run import ResolvedRun
from mgu.layers.channels import Channels
from mgu.models.convnet import ConvNet, convolution


def build_convnet(resolved: ResolvedRun) -> ConvNet:
    """Builds the blocks of a convolutional layout and the read-out. Raises UserError for a faulty own layer."""
    config, layout = resolved.config, resolved.config.layout
    assert isinstance(layout, LayoutConfig)
    inputs, num_outputs, _ = resolved.shapes
    layers = layout.convolutions(list(inputs))
    make = import_layer(layout.layer) if layout.layer else convolution
    blocks = [
        build_block(config, make(*_sizes(layer)), index, Channels(layer.out_channels, -3))
        for index, layer in enumerate(layers)
    ]
    return ConvNet(blocks, layers[-1].out_channels, num_outputs, layout.dropout, _is_native(config))


def build_warmup_convolutions(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest block of each kind that the network has, and its read-out, with images for them."""
    config, layout = resolved.config, resolved.config.layout
    assert isinstance(layout, LayoutConfig)
    first, *others = layout.convolutions(list(resolved.shapes.inputs))
    size = first.kernel_size + 1
    image = torch.ones(2, first.in_channels, size, size)
    layer = nn.Conv2d(first.in_channels, first.out_channels, first.kernel_size)
    blocks: list[tuple[nn.Module, Tensor]] = [(build_block(config, layer, 0, Channels(first.out_channels, -3)), image)]
    for width in {layer.out_channels for layer in others}:  # whose inputs have a gradient
        block = build_block(config, nn.Conv2d(1, width, 3), 1, Channels(width, -3))
        blocks.append((block, torch.ones(2, 1, 4, 4, requires_grad=True)))
    readout = ConvNet([], 1, 1, dropout=0.0, native=_is_native(config))
    return [*blocks, (readout, torch.ones(2, 1, 4, 4))]


def _is_native(config: RunConfig) -> bool:
    """Tells whether the read-out may be computed by a compiled function."""
    return config.engine not in ("eager", "packed")


def _sizes(layer: Convolution) -> tuple[int, int, int, int, int]:
    """Returns the arguments of a convolution in torch's order."""
    return layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding
