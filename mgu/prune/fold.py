"""Fold batch normalisation into the linear layers around it, which in evaluation mode are one function with it.

A batch norm right after a layer scales that layer's outputs; one after the activation scales and shifts the inputs of
the next layer, unless that pads them: there the zeros of the border would have to be shifted, too.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.prune.affine import affine_of, after, before, is_linear
from mgu.prune.merge import as_block
from mgu.prune.pruned_unit import PrunedUnit


def fold(block: nn.Module) -> nn.Module:
    """A copy of a block in evaluation mode, with a batch norm before the activation folded into its layer.

    Takes a Block, a PrunedUnit, or a layer alone. What has gates, or mixes branches within a channel, stays as it is.
    """
    block = copy.deepcopy(as_block(block) if isinstance(block, PrunedUnit) else block).eval()
    if isinstance(block, Block) and is_linear(block.layer) and isinstance(block.pre, BatchNorm):
        block.layer, block.pre = after(block.layer, affine_of(block.pre)), nn.Identity()
    return block


def hand_on(block: nn.Module, following: nn.Module) -> nn.Module:
    """Take a batch norm off the end of `block`, in place, and return what follows with it folded in.

    Where there is none, or either of them does not allow it, both stay as they are. Between the two there may be what
    commutes with it: a mean over positions, dropout in evaluation mode.
    """
    if not isinstance(block, Block) or not isinstance(block.post, BatchNorm) or block.shortcut is not None:
        return following
    affine = affine_of(block.post)
    if is_linear(following) and not _pads(following):
        block.post = nn.Identity()
        return before(following, affine)
    if isinstance(following, Block):
        layers = [layer for layer in (following.layer, following.shortcut) if layer is not None]
        if all(is_linear(layer) and not _pads(layer) for layer in layers):
            block.post = nn.Identity()
            following.layer = before(following.layer, affine)
            following.shortcut = following.shortcut and before(following.shortcut, affine)
    return following


def _pads(layer: Any) -> bool:
    """Whether there are values around its input that are not of it; `padding` may be a word."""
    padding = getattr(layer, "padding", 0)
    return padding != "valid" and padding not in (0, (0,) * (layer.weight.dim() - 2))
