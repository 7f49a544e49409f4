"""Blocks of several networks of one shape, each with weights of its own, in one pass.

The features of the networks lie side by side along the channels, (B, N * C, H, W): their convolutions are one grouped
convolution, their batch norms one batch norm. Nothing of one network reaches another, forward or backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm, LayerNorm, normalise_by_batch
from mgu.layers.storage import join_storage, packed_parameters


def stacked_blocks(blocks: Sequence[Block], x: Tensor) -> Tensor:
    """Applies each of N blocks, in training, to its own channels of x: (B, N * C, H, W) to (B, N * C', H', W')."""
    first = blocks[0]
    pre = _normalise([block.pre for block in blocks], _convolve([block.layer for block in blocks], x))
    out = _normalise([block.post for block in blocks], first.activation(pre))
    return out if first.shortcut is None else out + _convolve([block.shortcut for block in blocks], x)


def stacked_linear(layers: Sequence[nn.Linear], x: Tensor) -> Tensor:
    """Applies each of N dense layers to its own rows of x: (N, B, D) to (N, B, K)."""
    weight, bias = packed_parameters(layers)  # (N * K, D), (N * K,)
    assert bias is not None
    count = len(layers)
    return torch.baddbmm(bias.view(count, 1, -1), x, weight.view(count, -1, x.shape[-1]).mT)


def _convolve(layers: Sequence[Any], x: Tensor) -> Tensor:
    """Applies N convolutions as one grouped convolution."""
    first = layers[0]
    weight, bias = packed_parameters(layers)
    return F.conv2d(x, weight, bias, first.stride, first.padding, first.dilation, len(layers) * first.groups)


def _normalise(norms: Sequence[Any], x: Tensor) -> Tensor:
    """Applies N norms of one kind, each to its own channels."""
    first = norms[0]
    if isinstance(first, nn.Identity):
        return x
    if isinstance(first, BatchNorm):
        return _normalise_by_batch(norms, x)
    assert isinstance(first, LayerNorm)
    weight, bias = packed_parameters(norms)  # (N * C,) each
    assert bias is not None
    last = x.movedim(1, -1).unflatten(-1, (len(norms), -1))  # (B, H, W, N, C)
    out = F.layer_norm(last, last.shape[-1:], eps=first.eps)
    out = torch.addcmul(bias.view(len(norms), -1), out, weight.view(len(norms), -1))
    return out.flatten(-2).movedim(-1, 1)  # (B, N * C, H, W)


def _normalise_by_batch(norms: Sequence[BatchNorm], x: Tensor) -> Tensor:
    """Applies N batch norms as one, and updates the running statistics of each."""
    first = norms[0]
    weight, bias = packed_parameters(norms)  # (N * C,) each
    assert bias is not None
    buffers = [[getattr(norm, name) for norm in norms] for name in ("running_mean", "running_var")]
    mean, var = (join_storage(of_norms) for of_norms in buffers)  # (N * C,) each
    out = normalise_by_batch(x, mean, var, weight, bias, first.momentum, first.eps)
    for joined, of_norms in zip((mean, var), buffers, strict=True):
        if joined.data_ptr() != of_norms[0].data_ptr():  # others hold the memory of the buffers: a copy was made
            for buffer, part in zip(of_norms, joined.chunk(len(norms)), strict=True):
                buffer.copy_(part)
    return out
