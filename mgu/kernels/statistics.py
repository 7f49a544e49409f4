"""Sums over rows in Triton, in two stages, and the statistics of batch norms that follow from them.

The first stage gives every program its own partial sums, the second adds them in one order and in double precision: no
atomics, so that the same input gives the same bits.
"""

import triton
import triton.language as tl

from mgu.kernels.activations import activate
from mgu.kernels.rows import store_sum


@triton.jit(do_not_specialize=["num_rows"])
def sum_statistics(
    rows, sums, num_rows, num_channels, stride, KIND: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr
):
    """Sums x, x^2, A(x) and A(x)^2, of differences to the first row, to avoid cancellation.

    `rows`, (N, stride), has the layer's output in its first columns; `sums` is (parts, 4 or 2, C).
    """
    c = tl.arange(0, CHANNELS)[None, :]
    first = tl.load(rows + c, mask=c < num_channels, other=0.0)
    first_activated = activate(first, KIND.activation)
    sum_x = tl.zeros((ROWS, CHANNELS), first.dtype)
    sum_xx, sum_a, sum_aa = sum_x, sum_x, sum_x
    for tile in range(tl.program_id(0), tl.cdiv(num_rows, ROWS), tl.num_programs(0)):
        r = (tile * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
        mask = (r < num_rows) & (c < num_channels)
        x = tl.load(rows + r * stride + c, mask=mask, other=0.0)
        if KIND.before:
            from_first = tl.where(mask, x - first, 0.0)
            sum_x += from_first
            sum_xx += from_first * from_first
        if KIND.after:
            from_first_activated = tl.where(mask, activate(x, KIND.activation) - first_activated, 0.0)
            sum_a += from_first_activated
            sum_aa += from_first_activated * from_first_activated
    if KIND.before:
        mine = sums + tl.program_id(0) * (4 if KIND.after else 2) * num_channels
        store_sum(mine, sum_x, 0, c, num_channels)
        store_sum(mine, sum_xx, 1, c, num_channels)
    if KIND.after:
        mine = sums + tl.program_id(0) * (4 if KIND.before else 2) * num_channels
        index = 2 if KIND.before else 0
        store_sum(mine, sum_a, index, c, num_channels)
        store_sum(mine, sum_aa, index + 1, c, num_channels)


@triton.jit
def add_parts(sums, column, mask, num_parts, width, PARTS: tl.constexpr, COLUMNS: tl.constexpr):
    """Returns the sums over all parts in double precision; `sums` is (parts, width)."""
    total = tl.zeros((COLUMNS,), tl.float64)
    for start in range(0, num_parts, PARTS):
        part = start + tl.arange(0, PARTS)[:, None]
        values = tl.load(sums + part * width + column[None, :], mask=(part < num_parts) & mask[None, :], other=0.0)
        total += tl.sum(values.to(tl.float64), axis=0)
    return total


@triton.jit(do_not_specialize=["num_parts"])
def finish_sums(sums, totals, num_parts, width, PARTS: tl.constexpr, COLUMNS: tl.constexpr):
    """Adds the partial sums, (parts, width); `totals` is (width,)."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    mask = column < width
    total = add_parts(sums, column, mask, num_parts, width, PARTS, COLUMNS)
    tl.store(totals + column, total.to(totals.dtype.element_ty), mask=mask)


@triton.jit
def finish_norm(statistics, mean, var, running_mean, running_var, c, num_channels, KIND: tl.constexpr):
    """Writes mean and 1 / sqrt(variance + eps) of one norm, and in training its running statistics."""
    mask = c < num_channels
    real: tl.constexpr = statistics.dtype.element_ty
    if KIND.training:
        old_mean = tl.load(running_mean + c, mask=mask, other=0.0)
        old_var = tl.load(running_var + c, mask=mask, other=0.0)
        tl.store(running_mean + c, old_mean + KIND.momentum * (mean.to(real) - old_mean), mask=mask)
        tl.store(running_var + c, old_var + KIND.momentum * (var.to(real) - old_var), mask=mask)
    else:
        mean = tl.load(running_mean + c, mask=mask, other=0.0).to(tl.float64)
        var = tl.load(running_var + c, mask=mask, other=1.0).to(tl.float64)
    tl.store(statistics + c, mean.to(real), mask=mask)
    tl.store(statistics + num_channels + c, (1 / tl.sqrt(var + KIND.eps)).to(real), mask=mask)


@triton.jit
def batch_moments(sums, first, index, c, num_parts, num_rows, num_channels, width, PARTS: tl.constexpr,
                  COLUMNS: tl.constexpr):  # fmt: skip
    """Returns mean and variance of the batch from two of its sums; `first` was subtracted from the values."""
    mask = c < num_channels
    column = index * num_channels + c
    offset = add_parts(sums, column, mask, num_parts, width, PARTS, COLUMNS) / num_rows
    square = add_parts(sums, column + num_channels, mask, num_parts, width, PARTS, COLUMNS) / num_rows
    var = square - offset * offset
    return first.to(tl.float64) + offset, tl.where(var < 0, 0.0, var)


@triton.jit(do_not_specialize=["num_parts", "num_rows"])
def finish_statistics(rows, sums, statistics, running, num_parts, num_rows, num_channels, KIND: tl.constexpr,
                      PARTS: tl.constexpr, COLUMNS: tl.constexpr):  # fmt: skip
    """Writes the statistics of the batch norms, (2 or 4, C): of the batch in training, else the running ones.

    In training it also updates the running statistics, on the device.
    """
    c = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    first = tl.load(rows + c, mask=c < num_channels, other=0.0)
    mean = tl.zeros((COLUMNS,), tl.float64)
    var = mean
    width = (4 if KIND.before and KIND.after else 2) * num_channels
    if KIND.before:
        if KIND.training:
            mean, var = batch_moments(sums, first, 0, c, num_parts, num_rows, num_channels, width, PARTS, COLUMNS)
        finish_norm(statistics, mean, var, running.before_mean, running.before_var, c, num_channels, KIND)
    if KIND.after:
        index = 2 if KIND.before else 0
        if KIND.training:
            first = activate(first, KIND.activation)
            mean, var = batch_moments(sums, first, index, c, num_parts, num_rows, num_channels, width, PARTS, COLUMNS)
        finish_norm(
            statistics + index * num_channels, mean, var, running.after_mean, running.after_var, c, num_channels, KIND
        )
