"""Blocks from a configuration: a unit around a layer, or the block of a baseline."""

from __future__ import annotations

from torch import nn

from mgu.config.layouts import WithoutBlocks
from mgu.config.run import RunConfig
from mgu.config.unit import UnitConfig
from mgu.errors import UserError
from mgu.layers.activation import Activation, unchanged
from mgu.layers.block import Block, BlockEngine
from mgu.layers.channels import Channels
from mgu.unit.engine import Engine
from mgu.unit.settling import Settling
from mgu.unit.unit import MultiGatedUnit

# A block has nothing to pack. torch.compile sees through the native engine in what it compiles.
BLOCK_ENGINES: dict[str, BlockEngine] = {
    "auto": "auto", "eager": "eager", "packed": "eager", "native": "native", "compiled": "auto",
}  # fmt: skip


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
    layout = config.layout
    assert not isinstance(layout, WithoutBlocks)
    activation: str | Activation = layout.activation or unchanged
    if activation == "identity":
        activation = unchanged
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


def _build_unit(
    unit: UnitConfig, layer: nn.Module, activation: str | Activation, engine: Engine, channels: Channels
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
