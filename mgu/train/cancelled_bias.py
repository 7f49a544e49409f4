"""The bias of a layer in front of batch normalisation, which subtracts it again: its gradient is zero.

What is computed in its place is the rounding of a sum that is zero, and Nadam and its relatives divide a gradient by
its own size: the bias walks at random, by up to the learning rate a step. Training does not see that. But the running
mean follows late (0.99 of it is kept at each step), so evaluation does: the accuracy of a network then depends on the
engine, the number of threads and the processor, by several points.
"""

from __future__ import annotations

from torch import Tensor, nn

from mgu.layers.block import Block
from mgu.layers.normalization import BatchNorm

ADDING = (nn.Linear, nn.modules.conv._ConvNd)  # their output is a product plus the bias, by channel


def hold_cancelled_biases(model: nn.Module) -> None:
    """Sets the gradients of the biases that batch norms cancel to zero, from now on, as soon as they are computed.

    Args:
        model: The network that is to be trained.
    """
    for block in model.modules():
        if isinstance(block, Block) and isinstance(block.pre, BatchNorm) and isinstance(block.layer, ADDING):
            bias, norm = block.layer.bias, block.pre
            if bias is not None and bias.requires_grad:
                bias.register_post_accumulate_grad_hook(_Zero(norm))


class _Zero:
    """Zeroes a gradient where the norm takes its mean from the batch; with running means the bias is a bias."""

    def __init__(self, norm: BatchNorm) -> None:
        self.norm = norm

    def __call__(self, bias: Tensor) -> None:
        if self.norm.training and bias.grad is not None:
            bias.grad.zero_()
