"""The number and the axis of the channels of a layer's output."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn
from torch.nn.modules.conv import _ConvNd


class Channels(NamedTuple):
    """Says where the channels of a layer's output are.

    Attributes:
        num: How many channels there are.
        axis: Their axis, counted from the end, so that it is the same without a batch.
    """

    num: int
    axis: int


def geometry_of(layer: nn.Module) -> nn.Module:
    """Returns the layer, or a plain one with the same inputs and outputs where it offers one by `plain_like()`.

    Args:
        layer: Any layer, such as an equilibrium around which a bypass is to go by a convolution's strides.

    Returns:
        A layer by whose geometry others can be built.
    """
    plain_like = getattr(layer, "plain_like", None)
    made = plain_like() if callable(plain_like) else layer
    return made if isinstance(made, nn.Module) else layer


def find_channels(layer: nn.Module, num_channels: int | None = None, channel_axis: int | None = None) -> Channels:
    """Finds the channels of the output of a layer.

    Args:
        layer: A convolution, an embedding, a layer with `out_features`, or any other if the two numbers are given.
        num_channels: Number of channels; None reads it off the layer.
        channel_axis: Axis of the channels; None reads it off the layer.

    Returns:
        Number and axis of the channels.

    Raises:
        TypeError: A number is neither given nor known of the layer.
    """
    found_num: int | None = None
    found_axis: int | None = None
    out_features = getattr(layer, "out_features", None)
    if isinstance(layer, _ConvNd):
        found_num, found_axis = layer.out_channels, -1 - len(layer.kernel_size)
    elif isinstance(out_features, int):
        found_num, found_axis = out_features, -1
    elif isinstance(layer, nn.Embedding):
        found_num, found_axis = layer.embedding_dim, -1
    num = found_num if num_channels is None else num_channels
    axis = found_axis if channel_axis is None else channel_axis
    if num is None or axis is None:
        raise TypeError(
            f"layer must tell where the channels of its output are, but {type(layer).__name__} does not. "
            "Pass num_channels=... and channel_axis=... (-1 for features last, 1 for images)."
        )
    return Channels(num, axis)
