"""Normalisation against its formulas, and against torch's own where the two agree."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mgu.layers.normalization import BatchNorm, LayerNorm


@pytest.mark.parametrize(("shape", "axis"), [((4, 3, 5, 6), 1), ((4, 3, 5, 6), -3), ((4, 3), -1), ((4, 7, 3), -1)])
def test_batch_norm_and_its_running_statistics(shape: tuple[int, ...], axis: int) -> None:
    norm = BatchNorm(3, axis, momentum=0.25, eps=1e-3)
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    x = torch.randn(shape) * 3 + 1
    channels_last = x.movedim(axis, -1)
    flat = channels_last.reshape(-1, 3)
    mean, var = flat.mean(0), flat.var(0, correction=0)
    expected = (channels_last - mean) / (var + 1e-3).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(norm(x), expected.movedim(-1, axis))
    torch.testing.assert_close(norm.running_mean, 0.25 * mean)
    torch.testing.assert_close(norm.running_var, 0.75 + 0.25 * var)  # the biased variance, as Keras has it
    norm.eval()
    expected = (channels_last - norm.running_mean) / (norm.running_var + 1e-3).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(norm(x), expected.movedim(-1, axis))


def test_batch_norm_of_one_value_a_channel_is_its_bias() -> None:
    norm = BatchNorm(3)
    nn.init.normal_(norm.bias)
    x = torch.randn(1, 3, 1, 1, requires_grad=True)
    torch.testing.assert_close(norm(x).flatten(), norm.bias)
    torch.testing.assert_close(norm.running_mean, 0.1 * x.detach().flatten())
    torch.testing.assert_close(norm.running_var, torch.full((3,), 0.9))


@pytest.mark.parametrize(("shape", "axis"), [((4, 3, 5, 6), 1), ((4, 3), -1), ((4, 7, 3), -1)])
def test_layer_norm_is_over_the_channels_of_each_position(shape: tuple[int, ...], axis: int) -> None:
    norm = LayerNorm(3, axis, eps=1e-3)
    nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    x = torch.randn(shape)
    z = x.movedim(axis, -1)
    expected = (z - z.mean(-1, keepdim=True)) / (z.var(-1, correction=0, keepdim=True) + 1e-3).sqrt()
    torch.testing.assert_close(norm(x), (expected * norm.weight + norm.bias).movedim(-1, axis))
