"""Folding of batch normalisation into the linear layers around it, with which it is one function at inference.

A batch norm right after a layer scales that layer's outputs; one after the activation scales and shifts the inputs of
the next layer, unless that layer pads them, because the zeros of the border would have to be shifted, too.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm
from mgu.prune.affine import affine_of_norm, fold_after, fold_before, is_linear
from mgu.prune.merge import merge_to_block
from mgu.prune.pruned_unit import PrunedUnit


def fold(block: nn.Module) -> nn.Module:
    """Copies a block and folds a batch norm before its activation into its layer.

    Args:
        block: A Block, a PrunedUnit or a layer. One that has gates or mixes branches within a channel stays as it is.

    Returns:
        The copy in evaluation mode.
    """
    block = copy.deepcopy(merge_to_block(block) if isinstance(block, PrunedUnit) else block).eval()
    if isinstance(block, Block) and is_linear(block.layer) and isinstance(block.pre, BatchNorm):
        block.layer, block.pre = fold_after(block.layer, affine_of_norm(block.pre)), nn.Identity()
    return block


def fold_into_next(block: nn.Module, following: nn.Module) -> nn.Module:
    """Moves a batch norm from the end of a block into the module that follows.

    Where there is none, or where either module does not allow it, both stay as they are. Between the two there may be
    functions that commute with it: a mean over positions, or dropout in evaluation mode.

    Args:
        block: A folded block, which is changed in place.
        following: The next block or layer.

    Returns:
        The next block or layer with the batch norm folded in.
    """
    if not isinstance(block, Block) or not isinstance(block.post, BatchNorm) or block.shortcut is not None:
        return following
    affine = affine_of_norm(block.post)
    if is_linear(following) and not _pads(following):
        block.post = nn.Identity()
        return fold_before(following, affine)
    if isinstance(following, Block):
        layers = [layer for layer in (following.layer, following.shortcut) if layer is not None]
        if all(is_linear(layer) and not _pads(layer) for layer in layers):
            block.post = nn.Identity()
            following.layer = fold_before(following.layer, affine)
            following.shortcut = following.shortcut and fold_before(following.shortcut, affine)
    return following


def _pads(layer: Any) -> bool:
    """Tells whether a layer pads its input; `padding` may be a word."""
    padding = getattr(layer, "padding", 0)
    return padding != "valid" and padding not in (0, (0,) * (layer.weight.dim() - 2))
