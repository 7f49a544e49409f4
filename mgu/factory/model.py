"""Models from a configuration: the network of a layout, made of baseline blocks or of units, and its operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from mgu.config.layouts import Convolution, DenseLayoutConfig, FactorsLayoutConfig, LayoutConfig, PythonLayoutConfig
from mgu.config.masked_layout import MaskedLayoutConfig
from mgu.config.nago_layout import NagoLayoutConfig
from mgu.config.run import RunConfig
from mgu.config.unit import UnitConfig
from mgu.data.ratings.dataset import RatingDataset
from mgu.errors import UserError
from mgu.factory.flop_counter import count_products
from mgu.factory.imported import check_outputs, import_layer, import_network, section_of
from mgu.factory.resolved_run import ResolvedRun
from mgu.graphs.generator import draw_hierarchy
from mgu.graphs.widths import Sizes, find_widths
from mgu.layers.block import Block, BlockEngine
from mgu.layers.channels import Channels
from mgu.layers.masked import MaskedLinear
from mgu.models.convnet import ConvNet, convolution
from mgu.models.masked import masked_dense
from mgu.models.mlp import MLP, dense
from mgu.models.nago import NagoNet
from mgu.models.recommender import Factorisation, Recommender
from mgu.unit.engine import Engine
from mgu.unit.settling import Settling
from mgu.unit.unit import MultiGatedUnit

# A block has nothing to pack. torch.compile sees through the native engine in what it compiles.
BLOCK_ENGINES: dict[str, BlockEngine] = {
    "auto": "auto", "eager": "eager", "packed": "eager", "native": "native", "compiled": "auto",
}  # fmt: skip
WithoutBlocks = FactorsLayoutConfig | PythonLayoutConfig | NagoLayoutConfig


def build_model(resolved: ResolvedRun) -> nn.Module:
    """Builds the network of the configured layout: baseline blocks, or one unit per layer.

    Args:
        resolved: A run's configuration with its data, which decide on the shapes.

    Returns:
        The network on torch's default device, with initial weights from torch's generator.

    Raises:
        UserError: The unit cannot be built around such layers.
    """
    config, dataset = resolved.config, resolved.dataset
    if isinstance(dataset, RatingDataset):
        return _build_recommender(config, dataset)
    inputs, num_outputs, _ = resolved.shapes
    if isinstance(config.layout, PythonLayoutConfig):
        return import_network(config.layout, resolved.shapes)
    if isinstance(config.layout, NagoLayoutConfig):
        return _build_nago(config.layout, list(inputs), num_outputs)
    if isinstance(config.layout, LayoutConfig):
        layers = config.layout.convolutions(list(inputs))
        make = import_layer(config.layout.layer) if config.layout.layer else convolution
        blocks = [
            build_block(config, make(*_sizes(layer)), index, Channels(layer.out_channels, -3))
            for index, layer in enumerate(layers)
        ]
        return ConvNet(blocks, layers[-1].out_channels, num_outputs, config.layout.dropout, _is_native(config))
    return _build_mlp(config, math.prod(inputs), num_outputs)


def build_block(config: RunConfig, layer: nn.Module, index: int, channels: Channels) -> nn.Module:
    """Builds the configured block around a layer.

    Args:
        config: The configuration of a run.
        layer: A convolution or a dense layer.
        index: Position of the layer in the network, from 0.
        channels: Where the channels of the layer's output are, for a layer of the user's may not tell it.

    Returns:
        A unit, or the block of a baseline.

    Raises:
        UserError: The unit has a kind of gate or bypass that is not made for such a layer, or the layer of the user's
            cannot be copied.
    """
    assert not isinstance(config.layout, WithoutBlocks)
    activation = config.layout.activation
    if config.mgu:
        engine: Engine = "auto" if config.engine == "compiled" else config.engine
        return _build_unit(config.mgu, layer, activation, engine, channels)
    assert config.norm is not None  # check_config saw to it
    # The paper's grid adds no residual to the first layer: there is no block before it whose input could be kept.
    residual = bool(config.residual) and index > 0
    engine_of_block: BlockEngine = BLOCK_ENGINES[config.engine]
    norm = config.norm
    try:
        return Block(layer, norm.name, activation, residual, norm.momentum, norm.eps, channels, engine_of_block)
    except TypeError as error:  # the residual takes a fresh copy of the layer
        raise UserError(f"layout.layer: {error}") from None


def build_warmup_blocks(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds the smallest block of each kind that the run's network has, as for warming up.

    Args:
        resolved: A run's configuration with its data.

    Returns:
        Each block with inputs for it.
    """
    config = resolved.config
    if isinstance(config.layout, LayoutConfig):
        first, *others = config.layout.convolutions(list(resolved.shapes.inputs))
        size = first.kernel_size + 1
        image = torch.ones(2, first.in_channels, size, size)
        layer = nn.Conv2d(first.in_channels, first.out_channels, first.kernel_size)
        blocks: list[tuple[nn.Module, Tensor]] = [
            (build_block(config, layer, 0, Channels(first.out_channels, -3)), image)
        ]
        for width in {layer.out_channels for layer in others}:  # whose inputs have a gradient
            block = build_block(config, nn.Conv2d(1, width, 3), 1, Channels(width, -3))
            blocks.append((block, torch.ones(2, 1, 4, 4, requires_grad=True)))
        return blocks
    if isinstance(config.layout, WithoutBlocks):
        return [(nn.Linear(1, 1), torch.ones(2, 1))]
    width = config.layout.width
    dense_layer = nn.Linear(1, width)
    if isinstance(config.layout, MaskedLayoutConfig) and max(config.layout.density[:-1]) < 1:
        dense_layer = MaskedLinear(1, width, torch.ones(width, 1, dtype=torch.bool))  # which no compiled function knows
    return [(build_block(config, dense_layer, 0, Channels(width, -1)), torch.ones(2, 1))]


def build_warmup_readouts(resolved: ResolvedRun) -> list[tuple[nn.Module, Tensor]]:
    """Builds a network without blocks, whose read-out is computed as the run's is; none where that needs no warming up.

    Args:
        resolved: A run's configuration with its data.

    Returns:
        The network with inputs for it.
    """
    if not isinstance(resolved.config.layout, LayoutConfig):
        return []
    return [(ConvNet([], 1, 1, dropout=0.0, native=_is_native(resolved.config)), torch.ones(2, 1, 4, 4))]


def _is_native(config: RunConfig) -> bool:
    """Tells whether the read-out may be computed by a compiled function."""
    return config.engine not in ("eager", "packed")


def count_flops(resolved: ResolvedRun) -> int | None:
    """Counts floating-point operations of one example's forward pass, without allocating the model.

    Modules of the user's may need values to be built or computed, of which `meta` has none; then they get some.

    Args:
        resolved: A run's configuration with its data.

    Returns:
        The operations of matrix products and convolutions, as torch's FlopCounterMode counts them; None for modules of
        the user's that it cannot watch.
    """
    if section_of(resolved.config.layout) is None:
        with torch.device("meta"):
            network = build_model(resolved)
        return count_products(network, _example_of(resolved))
    from torch.utils.flop_counter import FlopCounterMode  # it imports torch's compiler

    for device in ("meta", "cpu"):
        with torch.random.fork_rng(devices=[]), suppress(Exception):
            with torch.device(device), FlopCounterMode(display=False) as counter:
                build_model(resolved).eval()(_example_of(resolved))
            return int(counter.get_total_flops())
    return None


def _example_of(resolved: ResolvedRun) -> Tensor:
    return torch.zeros(1, *resolved.shapes.inputs, dtype=resolved.shapes.dtype)


def check_own_modules(resolved: ResolvedRun) -> None:
    """Builds a model that has modules of the user's, and computes two examples with it.

    Args:
        resolved: A run's configuration with its device and data.

    Raises:
        UserError: The user's code fails, or returns what does not fit the data.
    """
    if (found := section_of(resolved.config.layout)) is None:
        return
    key, section = found
    with torch.random.fork_rng(devices=[]):
        model = build_model(resolved)
        shapes = resolved.shapes
        check_outputs(model, torch.zeros(2, *shapes.inputs, dtype=shapes.dtype), shapes.num_outputs, section, key)


def _sizes(layer: Convolution) -> tuple[int, int, int, int, int]:
    """Returns the arguments of a convolution in torch's order."""
    return layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding


def _build_unit(
    unit: UnitConfig, layer: nn.Module, activation: str, engine: Engine, channels: Channels
) -> MultiGatedUnit:
    """Builds the configured unit around a layer. Raises UserError where it is not made for such a layer."""
    try:
        built = MultiGatedUnit(
            layer,
            activation,
            unit.described,
            unit.residual_gate,
            unit.gate_bias,
            skip_gate=unit.skip_gate,
            gate=unit.gate,
            bypass=unit.bypass,
            num_channels=channels.num,
            channel_axis=channels.axis,
            bn_momentum=unit.bn_momentum,
            bn_eps=unit.bn_eps,
            ln_eps=unit.ln_eps,
            engine=engine,
        )
    except TypeError as error:  # a kind of gate or bypass that is not made for such a layer
        raise UserError(f"mgu: {error}") from None
    if unit.decisive.settles:
        axes = built.num_channels, built.channel_axis
        built.settling = Settling(built.gate_names, *axes, unit.decisive.over, unit.decisive.temperature)
    return built


def _build_nago(layout: NagoLayoutConfig, image_shape: list[int], num_outputs: int) -> NagoNet:
    """Builds a network of random graphs, as wide as its limit allows."""
    hierarchy = draw_hierarchy(layout.generator, layout.graph_seed)
    sizes = Sizes(image_shape[0], num_outputs, layout.max_params, layout.channel_step, layout.head)
    return NagoNet(hierarchy, find_widths(hierarchy, sizes), image_shape, num_outputs, layout.dropout)


def _build_mlp(config: RunConfig, num_inputs: int, num_outputs: int) -> MLP:
    """Builds the blocks of a dense layout and the readout."""
    layout = config.layout
    assert isinstance(layout, DenseLayoutConfig | MaskedLayoutConfig)  # check_config saw to it
    widths = [num_inputs, *[layout.width] * layout.depth]
    make, readout = _dense_maker(layout), None
    channels = Channels(layout.width, -1)
    blocks = [build_block(config, make(index, *sizes), index, channels) for index, sizes in enumerate(pairwise(widths))]
    if isinstance(layout, MaskedLayoutConfig):
        readout = make(layout.depth, layout.width, num_outputs)
    return MLP(blocks, layout.width, num_outputs, layout.dropout, readout)


def _dense_maker(layout: DenseLayoutConfig | MaskedLayoutConfig) -> Callable[[int, int, int], Any]:
    """Returns a function that makes a dense layer of its place in the network and its sizes."""
    if isinstance(layout, MaskedLayoutConfig):
        densities, seed, scale_init = layout.density, layout.mask_seed, layout.scale_init
        return lambda index, n_in, n_out: masked_dense(n_in, n_out, densities[index], (seed, index), scale_init)
    make = import_layer(layout.layer) if layout.layer else dense
    return lambda index, *sizes: make(*sizes)


def _build_recommender(config: RunConfig, dataset: RatingDataset) -> nn.Module:
    """Builds a model of users and items: factors, or dense layers over embeddings and features."""
    ratings, embedding = dataset.ratings, dataset.config.embedding
    if isinstance(config.layout, FactorsLayoutConfig):
        return Factorisation(config.layout.factors, ratings.trained)
    num_inputs = Recommender.num_inputs(embedding, ratings.user_features, ratings.item_features)
    network = _build_mlp(config, num_inputs, num_outputs=1)
    return Recommender(network, embedding, ratings.user_features, ratings.item_features, ratings.trained)
