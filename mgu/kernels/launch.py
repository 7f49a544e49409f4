"""Launches of the kernels that units and blocks share; nothing here reads a number back from the device."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from mgu.kernels.kinds import Batched, Running
from mgu.kernels.statistics import finish_statistics, finish_sums, sum_statistics
from mgu.kernels.tiling import Tiling

FUSION = {"enable_fp_fusion": True}  # a * b + c is rounded once; said, because Triton is about to change its default
SECOND_STAGE = {"PARTS": 128, "COLUMNS": 16, "num_warps": 4, **FUSION}


def over_rows(tiling: Tiling) -> dict[str, Any]:
    """Returns the arguments of a kernel over rows that follow from their tiling."""
    return {"ROWS": tiling.rows, "CHANNELS": tiling.channels, "num_warps": tiling.num_warps, **FUSION}


def find_statistics(rows: Tensor, num_channels: int, running: Running, kind: Batched, tiling: Tiling) -> Tensor:
    """Finds the statistics of batch norms, and in training updates the running ones.

    Args:
        rows: The layer's output in the first columns, (N, stride).
        num_channels: Their number, C.
        running: Running statistics.
        kind: Which batch norms there are.
        tiling: Tiling of the rows.

    Returns:
        Mean and 1 / sqrt(variance + eps) of each norm, (2 or 4, C).
    """
    num_rows, stride = rows.shape
    num_sums = 2 * (kind.before + kind.after)
    statistics = rows.new_empty(num_sums, num_channels)
    sums = statistics
    if kind.training:
        sums = rows.new_empty(tiling.parts, num_sums, num_channels)
        sum_statistics[tiling.parts,](rows, sums, num_rows, num_channels, stride, kind, **over_rows(tiling))
    blocks = -(-num_channels // SECOND_STAGE["COLUMNS"])
    finish_statistics[blocks,](
        rows, sums, statistics, running, tiling.parts, num_rows, num_channels, kind, **SECOND_STAGE
    )
    return statistics


def add_sums(sums: Tensor) -> Tensor:
    """Adds partial sums, (parts, sums, C); returns (sums, C)."""
    totals = sums.new_empty(sums.shape[1:])
    width = totals.numel()
    finish_sums[-(-width // SECOND_STAGE["COLUMNS"]),](sums, totals, len(sums), width, **SECOND_STAGE)
    return totals
