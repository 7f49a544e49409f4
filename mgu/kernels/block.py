"""Forward and backward of a block after its layer on a GPU: the launches of block_rows.py."""

from __future__ import annotations

import torch
from torch import Tensor

from mgu.kernels.block_rows import block_rows, block_rows_backward, sum_norm_gradients
from mgu.kernels.kinds import Batched, BlockInputs, BlockKernels, Running
from mgu.kernels.launch import add_sums, find_statistics, over_rows
from mgu.kernels.tiling import Tiling, divide

BATCH_NORMS = ("bn_pre", "bn_post")


def block_forward(
    inputs: BlockInputs,
    running: Running | None,
    batched: Batched | None,
    kind: BlockKernels,
    tiling: Tiling | None = None,
) -> tuple[Tensor, Tensor]:
    """Applies norm and activation and adds the shortcut; in training this updates the running statistics.

    Args:
        inputs: What the kernels read; `statistics` is not read.
        running: Running statistics of a batch norm; None where there is none.
        batched: How it works; None likewise.
        kind: The kernel.
        tiling: Tiling of the rows; None: as fits them.

    Returns:
        The output, (N, C), and the statistics, (2, C), that backward needs; without a batch norm nothing of use.
    """
    rows = inputs.rows
    shape = num_rows, num_channels = _shape_of(rows, kind)
    tiling = tiling or divide(num_rows, num_channels)
    statistics = rows
    if running and batched:
        statistics = find_statistics(rows, num_channels, running, batched, tiling)
    out = torch.empty_like(rows)
    block_rows[tiling.tiles,](inputs._replace(statistics=statistics), out, *shape, kind, **over_rows(tiling))
    return out, statistics


def block_backward(
    inputs: BlockInputs, d_out: Tensor, kind: BlockKernels, tiling: Tiling | None = None
) -> tuple[Tensor, Tensor | None]:
    """Computes the gradients of `block_forward`; that of the shortcut's output is `d_out` itself.

    Args:
        inputs: As there, with the statistics that it has returned.
        d_out: Gradient of its output, (N, C).
        kind: As there.
        tiling: As there.

    Returns:
        The gradients of the layer's output, (N, C), and of weight and bias of the norm, (2, C), None without a norm.
    """
    shape = num_rows, num_channels = _shape_of(inputs.rows, kind)
    tiling = tiling or divide(num_rows, num_channels)
    d_rows, over = torch.empty_like(inputs.rows), over_rows(tiling)
    if kind.norm == "no_norm":
        block_rows_backward[tiling.tiles,](inputs, d_out, d_rows, d_rows, d_rows, *shape, kind, **over)
        return d_rows, None
    sums = d_rows.new_empty(tiling.parts, 2, num_channels)
    if kind.norm in BATCH_NORMS:
        sum_norm_gradients[tiling.parts,](inputs, d_out, sums, *shape, kind, **over)
        d_norm = add_sums(sums)
        block_rows_backward[tiling.tiles,](inputs, d_out, d_rows, d_norm, sums, *shape, kind, **over)
        return d_rows, d_norm
    block_rows_backward[tiling.parts,](inputs, d_out, d_rows, d_rows, sums, *shape, kind, **over)
    return d_rows, add_sums(sums)


def _shape_of(rows: Tensor, kind: BlockKernels) -> tuple[int, int]:
    """Returns number and length of the rows; without a norm every number stands alone."""
    return (rows.numel(), 1) if kind.norm == "no_norm" else (rows.shape[0], rows.shape[1])
