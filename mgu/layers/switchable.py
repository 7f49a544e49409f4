"""Switchable normalisation: learned weights over three norms, the same for all inputs.

Luo et al. 2018, https://arxiv.org/abs/1806.10779
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgu.layers.normalization import with_batch


class SwitchableNorm(nn.Module):
    """Normalises by softmax-weighted means of the means and of the variances of instance, layer and batch.

    Layer statistics are over channels and positions, as in the paper (Luo et al. 2018). In evaluation mode running
    statistics take the place of the batch's.

    Args:
        num_channels: Number of channels.
        channel_axis: Their axis, counted from the end.
        momentum: Weight of the newest batch in the running statistics.
        eps: Constant added to the variance.

    Shape:
        x: (B, C, *), or (B, *) with the channels at `channel_axis`; returns the same shape.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, num_channels: int, channel_axis: int, momentum: float = 0.1, eps: float = 1e-3) -> None:
        super().__init__()
        self.channel_axis, self.momentum, self.eps = channel_axis, momentum, eps
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))
        self.mean_weight = nn.Parameter(torch.ones(3))  # of instance, layer, batch, before the softmax
        self.var_weight = nn.Parameter(torch.ones(3))
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        first = with_batch(x, self.channel_axis).movedim(self.channel_axis, 1)  # (B, C, *)
        flat = first.flatten(2) if first.dim() > 2 else first.unsqueeze(2)  # (B, C, P)
        var, mean = torch.var_mean(flat, 2, correction=0, keepdim=True)  # (B, C, 1), of instances
        layer_mean, layer_var = _pooled(mean, var, 1)  # (B, 1, 1)
        batch_mean, batch_var = self._batch_statistics(mean, var)  # (1, C, 1)
        mean = _weigh(self.mean_weight, mean, layer_mean, batch_mean)
        var = _weigh(self.var_weight, var, layer_var, batch_var)
        out = (flat - mean) * (var + self.eps).rsqrt() * self.weight[:, None] + self.bias[:, None]
        return out.view(first.shape).movedim(1, self.channel_axis).reshape(x.shape)

    def _batch_statistics(self, means: Tensor, variances: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and variance of each channel; in training mode the running ones take them in."""
        if not self.training:
            return self.running_mean[:, None], self.running_var[:, None]
        mean, var = _pooled(means, variances, 0)
        with torch.no_grad():
            self.running_mean.lerp_(mean.flatten(), self.momentum)
            self.running_var.lerp_(var.flatten(), self.momentum)
        return mean, var


def _pooled(means: Tensor, variances: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Returns mean and variance over sets of one size, given theirs (eq. 5 of the paper, without its cancellation)."""
    var, mean = torch.var_mean(means, dim, correction=0, keepdim=True)
    return mean, variances.mean(dim, keepdim=True) + var


def _weigh(weights: Tensor, *values: Tensor) -> Tensor:
    """Returns the mean of three values, weighted by the softmax of `weights`."""
    shares = weights.softmax(0)
    return shares[0] * values[0] + shares[1] * values[1] + shares[2] * values[2]
