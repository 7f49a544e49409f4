"""Normalisations with the channel axis as a parameter, in the numerics of Keras.

Two differences to torch.nn: the running variance averages the biased batch variance (Keras 3; torch multiplies it by
n / (n - 1)), and layer normalisation works over the channels of each position, wherever the channel axis is.

Batch normalisation: Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
Layer normalisation: Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450
Instance normalisation: Ulyanov, Vedaldi and Lempitsky 2016, https://arxiv.org/abs/1607.08022
Group normalisation: Wu and He 2018, https://arxiv.org/abs/1803.08494
RMS normalisation: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BatchNorm(nn.Module):
    """Normalises each channel over the batch and all positions (Ioffe and Szegedy 2015).

    Args:
        num_channels: Number of channels.
        channel_axis: Their axis.
        momentum: Weight of the newest batch in the running statistics (the 0.99 of Keras is 0.01 here).
        eps: Constant added to the variance.

    Shape:
        x: (B, C, *), or any shape with the channels at `channel_axis`; returns the same shape.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_channels: int, channel_axis: int = 1, momentum: float = 0.1, eps: float = 1e-3) -> None:
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
        """Returns x, (N, C, *), normalised."""
        tensors = self.running_mean, self.running_var, self.weight, self.bias
        if self.training:
            return normalise_by_batch(x, *tensors, self.momentum, self.eps)
        return F.batch_norm(x, *tensors, training=False, eps=self.eps)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, channel_axis={self.channel_axis}, momentum={self.momentum}, eps={self.eps}"


def normalise_by_batch(
    x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor, momentum: float, eps: float
) -> Tensor:
    """Normalises x by its own statistics, and updates the running ones in place.

    Args:
        x: Values, (N, C, *).
        running_mean: Running mean, (C,).
        running_var: Running variance, (C,).
        weight: Scale, (C,).
        bias: Offset, (C,).
        momentum: Weight of this batch in the running statistics.
        eps: Constant added to the variance.

    Returns:
        The normalised values, (N, C, *).
    """
    count = x.numel() // x.shape[1]
    # With momentum 1 torch writes the statistics of this batch into the two buffers.
    mean, var = torch.zeros_like(running_mean), torch.zeros_like(running_var)
    if count > 1:
        out = F.batch_norm(x, mean, var, weight, bias, training=True, momentum=1.0, eps=eps)
        var = var * ((count - 1) / count)
    else:  # torch refuses a batch of one value per channel, whose variance is 0 and whose output is the bias
        mean = x.detach().flatten().to(mean)
        # x - x has a gradient of 0, as it must
        out = F.batch_norm(x - x, torch.zeros_like(mean), var, weight, bias, training=False, eps=eps)
    with torch.no_grad():
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(var, momentum)
    return out


class LayerNorm(nn.Module):
    """Normalises each position over its channels (Ba, Kiros and Hinton 2016), as Keras does.

    Args:
        num_channels: Number of channels.
        channel_axis: Their axis.
        eps: Constant added to the variance.

    Shape:
        x: (B, C, *), or any shape with the channels at `channel_axis`; returns the same shape.
    """

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
    """Normalises each input over the channels of a group and all positions (Wu and He 2018).

    With one channel a group it is instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016).

    Args:
        num_channels: Number of channels, a multiple of `num_groups`.
        channel_axis: Their axis; counted from the end it allows inputs without a batch.
        num_groups: Number of groups.
        eps: Constant added to the variance.

    Shape:
        x: (B, C, *), or (B, *) with the channels at `channel_axis`; returns the same shape.
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
    """Divides each position by the root of the mean square of its channels (Zhang and Sennrich 2019).

    Args:
        num_channels: Number of channels.
        channel_axis: Their axis.
        eps: Constant added to the mean square.

    Shape:
        x: (B, C, *), or any shape with the channels at `channel_axis`; returns the same shape.
    """

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
    """Returns x, or a batch of one where the channel axis, counted from the end, shows that x has no batch."""
    return x.unsqueeze(0) if x.dim() == -channel_axis else x
