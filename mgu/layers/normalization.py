"""Batch and layer normalisation with the channel axis as a parameter, in the numerics of Keras.

Two differences to torch.nn: the running variance averages the *biased* batch variance (Keras 3; torch corrects it by
n / (n - 1)), and layer normalisation works over the channels of each position, wherever the channel axis is.
Batch normalisation: Ioffe and Szegedy 2015. Layer normalisation: Ba, Kiros and Hinton 2016. Group normalisation: Wu and
He 2018. RMS normalisation: Zhang and Sennrich 2019.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BatchNorm(nn.Module):
    """Normalise each channel over the batch and all positions.

    Input and output: any shape with `num_channels` at `channel_axis`. `momentum` is the weight of the newest batch
    (Keras' 0.99 is 0.01 here).
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_channels: int, channel_axis: int = 1, momentum: float = 0.01, eps: float = 1e-3) -> None:
        super().__init__()
        self.channel_axis, self.momentum, self.eps = channel_axis, momentum, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        if self.channel_axis % x.dim() == 1:
            return self._normalise(x)
        last = x.movedim(self.channel_axis, -1)  # (B, *, C)
        flat = last.reshape(-1, last.shape[-1])  # (N, C)
        return self._normalise(flat).view(last.shape).movedim(-1, self.channel_axis)

    def _normalise(self, x: Tensor) -> Tensor:
        """X (N, C, *)."""
        tensors = self.running_mean, self.running_var, self.weight, self.bias
        if self.training:
            return normalise_by_batch(x, *tensors, self.momentum, self.eps)
        return F.batch_norm(x, *tensors, training=False, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, channel_axis={self.channel_axis}, momentum={self.momentum}, eps={self.eps}"


def normalise_by_batch(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, momentum: float, eps: float
) -> Tensor:
    """X (N, C, *) by its own statistics, which the running ones (C,) take in, in place."""
    count = x.numel() // x.shape[1]
    # With momentum 1 torch leaves the statistics of this batch alone in the two buffers it is given.
    mean, var = torch.zeros_like(running_mean), torch.zeros_like(running_var)
    if count > 1:
        out = F.batch_norm(x, mean, var, weight, bias, training=True, momentum=1.0, eps=eps)
        var = var * ((count - 1) / count)
    else:  # torch refuses a batch of one value per channel; its variance is 0 and its output the bias
        mean = x.detach().flatten().to(mean)
        # x - x, so that its gradient is 0, too
        out = F.batch_norm(x - x, torch.zeros_like(mean), var, weight, bias, training=False, eps=eps)
    with torch.no_grad():
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(var, momentum)
    return out


class LayerNorm(nn.Module):
    """Normalise each position over its channels. Input and output as for BatchNorm."""

    def __init__(self, num_channels: int, channel_axis: int = 1, eps: float = 1e-3) -> None:
        super().__init__()
        self.channel_axis, self.eps = channel_axis, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        last = x.movedim(self.channel_axis, -1)  # (B, *, C)
        return F.layer_norm(last, self.weight.shape, self.weight, self.bias, self.eps).movedim(-1, self.channel_axis)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, channel_axis={self.channel_axis}, eps={self.eps}"


class GroupNorm(nn.Module):
    """Normalise each input over the channels of a group and all positions; a group a channel is instance normalisation.

    Input and output: (B, *) with `num_channels`, a multiple of `num_groups`, at `channel_axis`.
    """

    def __init__(self, num_channels: int, channel_axis: int = 1, num_groups: int = 32, eps: float = 1e-3) -> None:
        super().__init__()
        self.channel_axis, self.num_groups, self.eps = channel_axis, num_groups, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        first = with_batch(x, self.channel_axis).movedim(self.channel_axis, 1)  # (B, C, *)
        # Not F.group_norm, which refuses what has one value a group; here its output is the bias.
        out = torch.group_norm(first, self.num_groups, self.weight, self.bias, self.eps)
        return out.movedim(1, self.channel_axis).reshape(x.shape)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, num_groups={self.num_groups}, channel_axis={self.channel_axis}, eps={self.eps}"


class RMSNorm(nn.Module):
    """Divide each position by the root of the mean square of its channels. Input and output as for BatchNorm."""

    def __init__(self, num_channels: int, channel_axis: int = 1, eps: float = 1e-3) -> None:
        super().__init__()
        self.channel_axis, self.eps = channel_axis, eps
        self.weight = nn.Parameter(torch.ones(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        last = x.movedim(self.channel_axis, -1)  # (B, *, C)
        return F.rms_norm(last, self.weight.shape, self.weight, self.eps).movedim(-1, self.channel_axis)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, channel_axis={self.channel_axis}, eps={self.eps}"


def with_batch(x: Tensor, channel_axis: int) -> Tensor:
    """x, or a batch of it where the axis, counted from the end, says that there is none."""
    return x.unsqueeze(0) if x.dim() == -channel_axis else x
