"""Blocks of several networks of one shape, each with weights of its own, as one pass.

What the networks have lies side by side along the channels, (B, N * C, H, W) in their order: their convolutions are one
grouped convolution, their batch norms one batch norm. Nothing of one reaches another, forward or backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm, LayerNorm, normalise_by_batch
from mgu.layers.packed import side_by_side, stored_together


def blocks_abreast(blocks: Sequence[Block], x: Tensor) -> Tensor:
    """What each block in training makes of its own channels: the equation of Block.forward."""
    first = blocks[0]
    pre = _normalise([block.pre for block in blocks], _convolve([block.layer for block in blocks], x))
    out = _normalise([block.post for block in blocks], first.activation(pre))
    return out if first.shortcut is None else out + _convolve([block.shortcut for block in blocks], x)


def linear_abreast(layers: Sequence[nn.Linear], x: Tensor) -> Tensor:
    """X (N, B, D) to (N, B, K)."""
    weight, bias = stored_together(layers)
    assert bias is not None
    count = len(layers)
    return torch.baddbmm(bias.view(count, 1, -1), x, weight.view(count, -1, x.shape[-1]).mT)


def _convolve(layers: Sequence[Any], x: Tensor) -> Tensor:
    first = layers[0]
    weight, bias = stored_together(layers)
    return F.conv2d(x, weight, bias, first.stride, first.padding, first.dilation, len(layers) * first.groups)


def _normalise(norms: Sequence[Any], x: Tensor) -> Tensor:
    first = norms[0]
    if isinstance(first, nn.Identity):
        return x
    weight, bias = stored_together(norms)
    assert bias is not None
    if isinstance(first, BatchNorm):
        buffers = [[getattr(norm, name) for norm in norms] for name in ("running_mean", "running_var")]
        mean, var = (side_by_side(own) for own in buffers)
        out = normalise_by_batch(x, mean, var, weight, bias, first.momentum, first.eps)
        for whole, own in zip((mean, var), buffers, strict=True):
            if whole.data_ptr() != own[0].data_ptr():  # others hold their memory: a copy was made
                for buffer, part in zip(own, whole.chunk(len(norms)), strict=True):
                    buffer.copy_(part)
        return out
    assert isinstance(first, LayerNorm)
    last = x.movedim(1, -1).unflatten(-1, (len(norms), -1))  # (B, H, W, N, C)
    out = F.layer_norm(last, last.shape[-1:], eps=first.eps)
    out = torch.addcmul(bias.view(len(norms), -1), out, weight.view(len(norms), -1))
    return out.flatten(-2).movedim(-1, 1)
