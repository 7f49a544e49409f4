"""Everything after the transforms of the unit (Damian and Piciu 2020, eq. 3-19) in Triton: the counterpart of fused.c.

A row is one position: [layer | bypass | gate | gate | ...], each of the layer's channels. Of a unit with constant gates
it is the layer's output only, and the bypass has rows of its own. What a pass can recompute is not stored.
"""

from typing import Any, NamedTuple

import triton
import triton.language as tl

from mgu.kernels.activations import activate, sigmoid
from mgu.kernels.rows import load_channel, mean_of_row

FIRST_GATE = tl.constexpr(2)  # of a row


class Mixed(NamedTuple):
    """Holds all between the transforms and the output, (ROWS, CHANNELS) each.

    Names without a comment are those of MultiGatedUnit.branches.
    """

    x: Any  # the layer's output
    bypass: Any
    activated: Any
    in_bn_before: Any  # normalised, before weight and bias
    bn_before: Any  # after them
    bn_before_activation: Any
    in_bn_after: Any
    bn_after_activation: Any
    ln_scale: Any  # 1 / sqrt(variance + eps) of the row, (ROWS, 1)
    in_ln: Any
    ln_normed: Any
    ln: Any
    gate_bn_order: Any  # values of the gates
    gate_bn_or_ln: Any
    gate_norm_or_none: Any
    gate_residual: Any
    gate_skip: Any
    to_bn_after: Any  # weights of the branches that gates choose
    to_processed: Any
    without_residual: Any
    bn_order: Any
    bn_or_ln: Any
    norm_or_none: Any
    processed: Any


@triton.jit
def load_gate(inputs, row, gate, c, mask, num_channels, KIND: tl.constexpr):
    """Returns the values of one gate, (ROWS, CHANNELS) or, where they are constant, (1, CHANNELS)."""
    if KIND.has_constant_gates:
        value = load_channel(inputs.gates, gate, c, num_channels)
    else:
        value = sigmoid(tl.load(row + (FIRST_GATE + gate) * num_channels + c, mask=mask, other=0.0))
    return value


@triton.jit
def mix(inputs, r, c, mask, num_channels, KIND: tl.constexpr):
    """Computes all branches of some rows; r is (ROWS, 1), c (1, CHANNELS)."""
    if KIND.has_constant_gates:
        row = inputs.rows + r * num_channels
        bypass = tl.load(inputs.bypass + r * num_channels + c, mask=mask, other=0.0)
    else:
        row = inputs.rows + r * ((7 if KIND.has_residual_gate else 6) * num_channels)
        bypass = tl.load(row + num_channels + c, mask=mask, other=0.0)
    x = tl.load(row + c, mask=mask, other=0.0)
    activated = activate(x, KIND.activation)

    before_mean = load_channel(inputs.statistics, 0, c, num_channels)
    before_scale = load_channel(inputs.statistics, 1, c, num_channels)
    in_bn_before = (x - before_mean) * before_scale
    weight = load_channel(inputs.bn_before_weight, 0, c, num_channels)
    bn_before = in_bn_before * weight + load_channel(inputs.bn_before_bias, 0, c, num_channels)
    bn_before_activation = activate(bn_before, KIND.activation)  # eq. 4

    after_mean = load_channel(inputs.statistics, 2, c, num_channels)
    after_scale = load_channel(inputs.statistics, 3, c, num_channels)
    in_bn_after = (activated - after_mean) * after_scale
    weight = load_channel(inputs.bn_after_weight, 0, c, num_channels)
    bn_after_activation = in_bn_after * weight + load_channel(inputs.bn_after_bias, 0, c, num_channels)  # eq. 3

    values = activated if KIND.is_reference else x
    deviation = values - mean_of_row(values, mask, num_channels)
    ln_scale = 1 / tl.sqrt(mean_of_row(deviation * deviation, mask, num_channels) + KIND.ln_eps)
    in_ln = deviation * ln_scale
    weight = load_channel(inputs.ln_weight, 0, c, num_channels)
    ln_normed = in_ln * weight + load_channel(inputs.ln_bias, 0, c, num_channels)
    ln = ln_normed if KIND.is_reference else activate(ln_normed, KIND.activation)  # eq. 8

    gate_bn_order = load_gate(inputs, row, 0, c, mask, num_channels, KIND)
    gate_bn_or_ln = load_gate(inputs, row, 1, c, mask, num_channels, KIND)
    gate_norm_or_none = load_gate(inputs, row, 2, c, mask, num_channels, KIND)
    if KIND.has_residual_gate:
        gate_residual = load_gate(inputs, row, 3, c, mask, num_channels, KIND)
        gate_skip = load_gate(inputs, row, 4, c, mask, num_channels, KIND)
        without_residual = gate_residual
    else:
        gate_skip = load_gate(inputs, row, 3, c, mask, num_channels, KIND)
        gate_residual = gate_skip  # there is none
        without_residual = tl.full((1, 1), 1.0, x.dtype)
    to_bn_after = 1 - gate_bn_order if KIND.is_reference else gate_bn_order
    to_processed = 1 - gate_skip if KIND.is_reference else gate_skip
    bn_order = bn_before_activation + to_bn_after * (bn_after_activation - bn_before_activation)  # eq. 5
    bn_or_ln = ln + gate_bn_or_ln * (bn_order - ln)  # eq. 9
    norm_or_none = activated + gate_norm_or_none * (bn_or_ln - activated)  # eq. 12
    processed = norm_or_none + (1 - without_residual) * bypass  # eq. 15, 16
    return Mixed(
        x, bypass, activated, in_bn_before, bn_before, bn_before_activation, in_bn_after, bn_after_activation, ln_scale,
        in_ln, ln_normed, ln, gate_bn_order, gate_bn_or_ln, gate_norm_or_none, gate_residual, gate_skip, to_bn_after,
        to_processed, without_residual, bn_order, bn_or_ln, norm_or_none, processed,
    )  # fmt: skip


@triton.jit(do_not_specialize=["num_rows"])
def mix_rows(inputs, out, num_rows, num_channels, KIND: tl.constexpr, ROWS: tl.constexpr, CHANNELS: tl.constexpr):
    """Writes the output of the unit, (N, C)."""
    c = tl.arange(0, CHANNELS)[None, :]
    r = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
    mask = (r < num_rows) & (c < num_channels)
    m = mix(inputs, r, c, mask, num_channels, KIND)
    skip = m.bypass + m.to_processed * (m.processed - m.bypass)  # eq. 19
    tl.store(out + r * num_channels + c, skip, mask=mask)
