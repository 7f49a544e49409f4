"""Leaf modules and functions: they know tensors and torch's layers, not configurations, data or units.

normalization.py has the norms in Keras' numerics, block.py the block of the paper's grid search, packed.py equal layers
as one wide layer, weight_init.py fresh copies of a layer.
"""

from mgu.layers.activation import ACTIVATIONS, Activation, find_activation
from mgu.layers.block import NORMS, Block
from mgu.layers.channels import Channels, find_channels
from mgu.layers.normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from mgu.layers.packed import apply_packed, packing_obstacle
from mgu.layers.squeeze import Squeeze, SqueezeExcitation
from mgu.layers.storage import join_storage, packed_parameters
from mgu.layers.switchable import SwitchableNorm
from mgu.layers.weight_init import fresh_copy, glorot_, initialise, place_like_

__all__ = [
    "ACTIVATIONS",
    "NORMS",
    "Activation",
    "BatchNorm",
    "Block",
    "Channels",
    "GroupNorm",
    "LayerNorm",
    "RMSNorm",
    "Squeeze",
    "SqueezeExcitation",
    "SwitchableNorm",
    "apply_packed",
    "find_activation",
    "find_channels",
    "fresh_copy",
    "glorot_",
    "initialise",
    "join_storage",
    "packed_parameters",
    "packing_obstacle",
    "place_like_",
]
