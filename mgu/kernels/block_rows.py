"""A baseline block after its layer (Damian and Piciu 2020, section 5.1) in Triton: norm, activation, residual.

A row is one position of the layer's output. What a pass can recompute is not stored.
"""

from typing import Any, NamedTuple

import triton
import triton.language as tl

from mgu.kernels.activations import activate, slope
from mgu.kernels.rows import load_channel, mean_of_row, store_sum


class Normed(NamedTuple):
    """Holds what is between the layer's output and the sum with the shortcut, (ROWS, CHANNELS) each."""

    x: Any  # the layer's output
    activated: Any  # A of what comes before it: x, or with bn_pre `pre`
    pre: Any  # what the activation is of
    in_norm: Any  # normalised, before weight and bias
    scale: Any  # by which it was multiplied, (1, CHANNELS) or with ln (ROWS, 1)
    out: Any


@triton.jit
def normalise(inputs, r, c, mask, num_channels, KIND: tl.constexpr):
    """Computes norm and activation of some rows; r is (ROWS, 1), c (1, CHANNELS)."""
    x = tl.load(inputs.rows + r * num_channels + c, mask=mask, other=0.0)
    pre, in_norm, scale = x, x, x
    if KIND.norm == "bn_pre" or KIND.norm == "bn_post":
        mean = load_channel(inputs.statistics, 0, c, num_channels)
        scale = load_channel(inputs.statistics, 1, c, num_channels)
    if KIND.norm == "bn_pre":  # A(BN(x))
        in_norm = (x - mean) * scale
        pre = in_norm * load_channel(inputs.weight, 0, c, num_channels) + load_channel(inputs.bias, 0, c, num_channels)
    activated = activate(pre, KIND.activation)
    if KIND.norm == "bn_post":  # BN(A(x))
        in_norm = (activated - mean) * scale
    if KIND.norm == "ln":  # LN(A(x))
        deviation = activated - mean_of_row(activated, mask, num_channels)
        scale = 1 / tl.sqrt(mean_of_row(deviation * deviation, mask, num_channels) + KIND.ln_eps)
        in_norm = deviation * scale
    out = activated
    if KIND.norm == "bn_post" or KIND.norm == "ln":
        out = in_norm * load_channel(inputs.weight, 0, c, num_channels) + load_channel(inputs.bias, 0, c, num_channels)
    return Normed(x, activated, pre, in_norm, scale, out)


@triton.jit(do_not_specialize=["num_rows"])
def block_rows(inputs, out, num_rows, num_channels, KIND: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Writes the output of the block, (N, C)."""
    c = tl.arange(0, CHANNELS)[None, :]
    r = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
    mask = (r < num_rows) & (c < num_channels)
    values = normalise(inputs, r, c, mask, num_channels, KIND).out
    if KIND.has_residual:
        values += tl.load(inputs.added + r * num_channels + c, mask=mask, other=0.0)
    tl.store(out + r * num_channels + c, values, mask=mask)


@triton.jit(do_not_specialize=["num_rows"])
def sum_norm_gradients(inputs, d_out, sums, num_rows, num_channels, KIND: tl.constexpr, ROWS: tl.constexpr,
                       CHANNELS: tl.constexpr):  # fmt: skip
    """Writes the sums, (parts, 2, C), that are the gradients of weight and bias of a batch norm."""
    c = tl.arange(0, CHANNELS)[None, :]
    d_weight = tl.zeros((ROWS, CHANNELS), sums.dtype.element_ty)
    d_bias = d_weight
    for tile in range(tl.program_id(0), tl.cdiv(num_rows, ROWS), tl.num_programs(0)):
        r = (tile * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
        mask = (r < num_rows) & (c < num_channels)
        m = normalise(inputs, r, c, mask, num_channels, KIND)
        d = tl.load(d_out + r * num_channels + c, mask=mask, other=0.0)
        if KIND.norm == "bn_pre":
            d *= slope(m.pre, m.activated, KIND.activation)
        d_weight += d * m.in_norm
        d_bias += d
    mine = sums + tl.program_id(0) * 2 * num_channels
    store_sum(mine, d_weight, 0, c, num_channels)
    store_sum(mine, d_bias, 1, c, num_channels)


@triton.jit
def batch_norm_backward(d, m, weight, d_norm, c, num_rows, num_channels, KIND: tl.constexpr):
    """Returns the gradient of what a batch norm is of, given that of its output."""
    if KIND.training:  # mean and variance depend on every row: `d_norm`, (2, C), has the sums
        d_weight, d_bias = load_channel(d_norm, 0, c, num_channels), load_channel(d_norm, 1, c, num_channels)
        d -= (d_bias + m.in_norm * d_weight) / num_rows
    return d * weight * m.scale


@triton.jit(do_not_specialize=["num_rows"])
def block_rows_backward(inputs, d_out, d_rows, d_norm, sums, num_rows, num_channels, KIND: tl.constexpr,
                        ROWS: tl.constexpr, CHANNELS: tl.constexpr):  # fmt: skip
    """Writes the gradient of the layer's output, (N, C); with ln also the sums, (parts, 2, C), as above."""
    c = tl.arange(0, CHANNELS)[None, :]
    d_weight = tl.zeros((ROWS, CHANNELS), d_rows.dtype.element_ty)
    d_bias = d_weight
    for tile in range(tl.program_id(0), tl.cdiv(num_rows, ROWS), tl.num_programs(0)):
        r = (tile * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
        mask = (r < num_rows) & (c < num_channels)
        m = normalise(inputs, r, c, mask, num_channels, KIND)
        d = tl.load(d_out + r * num_channels + c, mask=mask, other=0.0)
        if KIND.norm == "bn_post":
            weight = load_channel(inputs.weight, 0, c, num_channels)
            d = batch_norm_backward(d, m, weight, d_norm, c, num_rows, num_channels, KIND)
        if KIND.norm == "ln":
            d_weight += d * m.in_norm
            d_bias += d
            d *= load_channel(inputs.weight, 0, c, num_channels)
            along = mean_of_row(d * m.in_norm, mask, num_channels)
            d = m.scale * (d - mean_of_row(d, mask, num_channels) - m.in_norm * along)
        d *= slope(m.pre, m.activated, KIND.activation)
        if KIND.norm == "bn_pre":
            weight = load_channel(inputs.weight, 0, c, num_channels)
            d = batch_norm_backward(d, m, weight, d_norm, c, num_rows, num_channels, KIND)
        tl.store(d_rows + r * num_channels + c, d, mask=mask)
    if KIND.norm == "ln":
        mine = sums + tl.program_id(0) * 2 * num_channels
        store_sum(mine, d_weight, 0, c, num_channels)
        store_sum(mine, d_bias, 1, c, num_channels)
