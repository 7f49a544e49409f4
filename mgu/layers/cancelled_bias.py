"""The bias of a layer in front of batch normalisation, which subtracts it again: its gradient is zero.

What is computed in its place is the rounding of a sum that is zero, and Nadam and its relatives divide a gradient by
its own size: the bias walks at random, by up to the learning rate a step. Training does not see that. But the running
mean follows late (0.99 of it is kept at each step), so evaluation does: the accuracy of a network then depends on the
engine, the number of threads and the processor, by several points. The native engine does the same by itself.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from mgu.layers.masked import MaskedLinear
from mgu.layers.native_layer import KINDS, layer_axes
from mgu.layers.normalization import BatchNorm
from mgu.layers.packed import has_hooks
from mgu.layers.weight_init import checked_tensor

ADDING = (*KINDS, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, MaskedLinear)


def apply_before(pre: nn.Module, layer: nn.Module, x: Tensor) -> Tensor:
    """Applies a layer, with the exact gradient of its bias where a batch norm follows.

    Args:
        pre: What follows the layer.
        layer: The layer.
        x: Its input.

    Returns:
        The output of the layer.

    Raises:
        TypeError: The layer returns anything but one tensor.
    """
    if not is_cancelled(pre, layer, x):
        return checked_tensor(layer(x), layer)
    bias: Any = layer.bias
    # Its own contribution only: a bias that is used elsewhere, too, has the gradient of that.
    out: Tensor = functional_call(layer, {"bias": 0 * bias + bias.detach()}, (x,))
    return out


def is_cancelled(pre: nn.Module, layer: Any, x: Tensor) -> bool:
    """Tells whether what follows a layer subtracts its bias again: a batch norm by channel that trains.

    Args:
        pre: What follows the layer.
        layer: The layer.
        x: Its input.

    Returns:
        False for all but torch's own layers and masked ones, whose output is a product plus the bias.
    """
    if type(pre) is not BatchNorm or not pre.training or type(layer) not in ADDING:
        return False
    if layer.bias is None or not layer.bias.requires_grad or has_hooks(layer) or has_hooks(pre):
        return False
    if not isinstance(layer, nn.Linear) and x.dim() != layer.weight.dim():  # images without a batch
        return False
    return pre.channel_axis in layer_axes(layer, x)
