"""Forward and backward of everything after the unit's transforms on a GPU: the launches of their kernels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.kernels.kinds import Batched, Running, UnitInputs, UnitKernels
from mgu.kernels.launch import add_sums, find_statistics, over_rows
from mgu.kernels.tiling import Tiling, divide
from mgu.kernels.unit_rows import mix_rows
from mgu.kernels.unit_rows_backward import finish_layer, mix_rows_backward

NUM_NORM_PARAMETERS = 6


class UnitGradients(NamedTuple):
    """Holds what backward computes.

    Attributes:
        rows: Gradient of the rows, of their shape.
        bypass: Gradient of the bypass of constant gates, (N, C), or None.
        norms: Gradients of the six weights and biases, (6, C).
        gates: Gradients of constant gates, (gates, C), or None.
    """

    rows: Tensor
    bypass: Tensor | None
    norms: Tensor
    gates: Tensor | None


def mix_forward(
    inputs: UnitInputs, running: Running, batched: Batched, kind: UnitKernels, tiling: Tiling | None = None
) -> tuple[Tensor, Tensor]:
    """Mixes the branches of a unit by its gates; in training this updates the running statistics.

    Args:
        inputs: What the kernels read; `statistics` is not read.
        running: Running statistics of the two batch norms.
        batched: How they work.
        kind: The kernel.
        tiling: Tiling of the rows; None: as fits them.

    Returns:
        The output, (N, C), and the statistics, (4, C), that backward needs.
    """
    (num_rows, _), num_channels = inputs.rows.shape, len(inputs.ln_weight)
    tiling = tiling or divide(num_rows, num_channels)
    statistics = find_statistics(inputs.rows, num_channels, running, batched, tiling)
    out = inputs.rows.new_empty(num_rows, num_channels)
    inputs = inputs._replace(statistics=statistics)
    mix_rows[tiling.tiles,](inputs, out, num_rows, num_channels, kind, **over_rows(tiling))
    return out, statistics


def mix_backward(
    inputs: UnitInputs, d_out: Tensor, is_training: bool, kind: UnitKernels, tiling: Tiling | None = None
) -> UnitGradients:
    """Computes the gradients of `mix_forward`.

    Args:
        inputs: As there, with the statistics that it has returned.
        d_out: Gradient of its output, (N, C).
        is_training: Whether the statistics are those of the batch, so that gradients flow through them.
        kind: As there.
        tiling: As there.

    Returns:
        The gradients.
    """
    (num_rows, _), num_channels = inputs.rows.shape, len(inputs.ln_weight)
    tiling = tiling or divide(num_rows, num_channels)
    d_rows = torch.empty_like(inputs.rows)
    d_bypass = torch.empty_like(inputs.bypass) if kind.has_constant_gates else d_rows
    num_sums = NUM_NORM_PARAMETERS + (len(inputs.gates) if kind.has_constant_gates else 0)
    sums = d_rows.new_empty(tiling.parts, num_sums, num_channels)
    shape = num_rows, num_channels
    mix_rows_backward[tiling.parts,](inputs, d_out, d_rows, d_bypass, sums, *shape, kind, **over_rows(tiling))
    totals = add_sums(sums)
    d_norms, d_gates = totals.split([NUM_NORM_PARAMETERS, num_sums - NUM_NORM_PARAMETERS])
    if is_training:
        finish_layer[tiling.tiles,](inputs, d_rows, d_norms, *shape, kind, **over_rows(tiling))
    if not kind.has_constant_gates:
        return UnitGradients(d_rows, None, d_norms, None)
    return UnitGradients(d_rows, d_bypass, d_norms, d_gates)
