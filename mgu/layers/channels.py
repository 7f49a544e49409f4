"""Where the channels of a layer's output are."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn
from torch.nn.modules.conv import _ConvNd


class Channels(NamedTuple):
    """`num` channels at `axis` of a layer's output, counted from the end: a missing batch does not move it."""

    num: int
    axis: int


def find_channels(layer: nn.Module, num_channels: int | None = None, channel_axis: int | None = None) -> Channels:
    """Channels of the output of `layer`, as given or read off the layer; raises TypeError where neither says it."""
    found_num: int | None = None
    found_axis: int | None = None
    if isinstance(layer, _ConvNd):
        found_num, found_axis = layer.out_channels, -1 - len(layer.kernel_size)
    elif isinstance(getattr(layer, "out_features", None), int):
        found_num, found_axis = layer.out_features, -1  # type: ignore[assignment]
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
