"""The norms of the paper's unit, which kernels compute themselves."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.packed import has_hooks


class Norms(NamedTuple):
    """Holds the three norms of the paper's unit, which the kernel computes itself.

    Attributes:
        before: Batch norm before the activation.
        after: Batch norm after the activation.
        ln: Layer norm.
    """

    before: BatchNorm
    after: BatchNorm
    ln: LayerNorm

    @property
    def parameters(self) -> tuple[Tensor, ...]:
        """Weight and bias of each norm, (C,), in the order of `d_norms`."""
        return tuple(tensor for norm in self for tensor in norm._parameters.values() if tensor is not None)

    @property
    def statistics(self) -> tuple[Tensor, ...]:
        """Running mean and variance before the activation, then those after it, each (C,)."""
        return tuple(
            tensor for norm in (self.before, self.after) for tensor in norm._buffers.values() if tensor is not None
        )


def norms_obstacle(norms: Norms, num_channels: int, x: Tensor) -> str | None:
    """Finds why kernels cannot compute the norms of a unit.

    Args:
        norms: The norms.
        num_channels: Channels that they must have.
        x: The input, whose precision and device they must have.

    Returns:
        The reason, as the end of an error message; None where they can.
    """
    before, after, _ = norms
    if [type(norm) for norm in norms] != [BatchNorm, BatchNorm, LayerNorm] or any(map(has_hooks, norms)):
        return "where the norms are not the unit's own, or have hooks"
    shape, dtype = (num_channels,), x.dtype
    for tensor in (*norms.parameters, *norms.statistics):
        if tensor.shape != shape or tensor.dtype != dtype or tensor.device != x.device or not tensor.is_contiguous():
            return "where the norms are not one number a channel in the input's precision and place"
    if (before.training, before.momentum, before.eps) != (after.training, after.momentum, after.eps):
        return "where the two batch norms differ in mode, momentum or eps"
    return None
