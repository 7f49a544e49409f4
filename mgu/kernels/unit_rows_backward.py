"""The gradients of unit_rows.py: one pass over the rows, which also adds up the gradients of what all rows share.

A second pass serves the batch norms alone, whose mean and variance depend on every row.
"""

from typing import Any, NamedTuple

import triton
import triton.language as tl

from mgu.kernels.activations import activate, slope
from mgu.kernels.rows import load_channel, mean_of_row, store_sum
from mgu.kernels.unit_rows import FIRST_GATE, mix


class Gradients(NamedTuple):
    """Holds the gradients of branches and of gate values, (ROWS, CHANNELS) each, 0 outside of the mask."""

    bypass: Any
    activated: Any
    bn_before: Any  # of batch norms and the layer norm, after weight and bias
    bn_after: Any
    ln: Any
    gate_bn_order: Any
    gate_bn_or_ln: Any
    gate_norm_or_none: Any
    gate_residual: Any
    gate_skip: Any


class Sums(NamedTuple):
    """Holds the gradients of what all rows share, each as a tile whose rows are yet to be added."""

    bn_before_weight: Any
    bn_before_bias: Any
    bn_after_weight: Any
    bn_after_bias: Any
    ln_weight: Any
    ln_bias: Any
    gate_bn_order: Any  # of constant gates
    gate_bn_or_ln: Any
    gate_norm_or_none: Any
    gate_residual: Any
    gate_skip: Any


@triton.jit
def branch_gradients(m, d, KIND: tl.constexpr):
    """Returns the gradients of all branches and gate values, given that of the output."""
    processed = d * m.to_processed
    bn_or_ln = processed * m.gate_norm_or_none
    bn_order = bn_or_ln * m.gate_bn_or_ln
    bn_after = bn_order * m.to_bn_after
    bn_before = (bn_order - bn_after) * slope(m.bn_before, m.bn_before_activation, KIND.activation)
    ln = bn_or_ln - bn_order
    if not KIND.is_reference:
        ln *= slope(m.ln_normed, m.ln, KIND.activation)
    gate_bn_order = bn_order * (m.bn_after_activation - m.bn_before_activation)
    gate_skip = d * (m.processed - m.bypass)
    if KIND.is_reference:  # where these two gates have the opposite polarity
        gate_bn_order, gate_skip = -gate_bn_order, -gate_skip
    return Gradients(
        bypass=d - processed + processed * (1 - m.without_residual),
        activated=processed - bn_or_ln,
        bn_before=bn_before,
        bn_after=bn_after,
        ln=ln,
        gate_bn_order=gate_bn_order,
        gate_bn_or_ln=bn_or_ln * (m.bn_order - m.ln),
        gate_norm_or_none=processed * (m.bn_or_ln - m.activated),
        gate_residual=-processed * m.bypass,
        gate_skip=gate_skip,
    )


@triton.jit
def layer_gradient(inputs, m, d, c, mask, num_channels, KIND: tl.constexpr):
    """Returns of the gradient of the layer's output the part that needs no sums over the batch."""
    to_ln = d.ln * load_channel(inputs.ln_weight, 0, c, num_channels)
    along = mean_of_row(to_ln * m.in_ln, mask, num_channels)
    of_ln = m.ln_scale * (to_ln - mean_of_row(to_ln, mask, num_channels) - m.in_ln * along)
    before_scale = load_channel(inputs.statistics, 1, c, num_channels)
    after_scale = load_channel(inputs.statistics, 3, c, num_channels)
    d_layer = d.bn_before * load_channel(inputs.bn_before_weight, 0, c, num_channels) * before_scale
    d_activated = d.activated + d.bn_after * load_channel(inputs.bn_after_weight, 0, c, num_channels) * after_scale
    if KIND.is_reference:
        d_activated += of_ln
    else:
        d_layer += of_ln
    return d_layer + slope(m.x, m.activated, KIND.activation) * d_activated


@triton.jit
def store_gate(d_row, gate, d_value, value, c, mask, num_channels):
    """Stores the gradient of a gate through the sigmoid: not 1 - value, which rounds a small one away."""
    tl.store(d_row + (FIRST_GATE + gate) * num_channels + c, d_value * value * (1 - value), mask=mask)


@triton.jit
def store_gates(d_row, m, d, c, mask, num_channels, KIND: tl.constexpr):
    """Stores the gradients of gates that have a value for every element."""
    store_gate(d_row, 0, d.gate_bn_order, m.gate_bn_order, c, mask, num_channels)
    store_gate(d_row, 1, d.gate_bn_or_ln, m.gate_bn_or_ln, c, mask, num_channels)
    store_gate(d_row, 2, d.gate_norm_or_none, m.gate_norm_or_none, c, mask, num_channels)
    if KIND.has_residual_gate:
        store_gate(d_row, 3, d.gate_residual, m.gate_residual, c, mask, num_channels)
        store_gate(d_row, 4, d.gate_skip, m.gate_skip, c, mask, num_channels)
    else:
        store_gate(d_row, 3, d.gate_skip, m.gate_skip, c, mask, num_channels)


@triton.jit(do_not_specialize=["num_rows"])
def mix_rows_backward(inputs, d_out, d_rows, d_bypass, sums, num_rows, num_channels, KIND: tl.constexpr,
                      ROWS: tl.constexpr, CHANNELS: tl.constexpr):  # fmt: skip
    """Writes the gradients of all but the layer's output, and of that the part that needs no sums over the batch.

    The sums, (parts, 6 + constant gates, C), are the gradients of the six weights and biases, from which the rest
    follows, and of constant gates.
    """
    c = tl.arange(0, CHANNELS)[None, :]
    zero = tl.zeros((ROWS, CHANNELS), sums.dtype.element_ty)
    total = Sums(zero, zero, zero, zero, zero, zero, zero, zero, zero, zero, zero)
    for tile in range(tl.program_id(0), tl.cdiv(num_rows, ROWS), tl.num_programs(0)):
        r = (tile * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
        mask = (r < num_rows) & (c < num_channels)
        m = mix(inputs, r, c, mask, num_channels, KIND)
        d_rest = tl.load(d_out + r * num_channels + c, mask=mask, other=0.0)  # so that all is 0 outside of the mask
        d = branch_gradients(m, d_rest, KIND)
        if KIND.has_constant_gates:
            d_row = d_rows + r * num_channels
            tl.store(d_bypass + r * num_channels + c, d.bypass, mask=mask)
        else:
            d_row = d_rows + r * ((7 if KIND.has_residual_gate else 6) * num_channels)
            tl.store(d_row + num_channels + c, d.bypass, mask=mask)
            store_gates(d_row, m, d, c, mask, num_channels, KIND)
        tl.store(d_row + c, layer_gradient(inputs, m, d, c, mask, num_channels, KIND), mask=mask)
        total = Sums(
            bn_before_weight=total.bn_before_weight + d.bn_before * m.in_bn_before,
            bn_before_bias=total.bn_before_bias + d.bn_before,
            bn_after_weight=total.bn_after_weight + d.bn_after * m.in_bn_after,
            bn_after_bias=total.bn_after_bias + d.bn_after,
            ln_weight=total.ln_weight + d.ln * m.in_ln,
            ln_bias=total.ln_bias + d.ln,
            gate_bn_order=total.gate_bn_order + d.gate_bn_order,
            gate_bn_or_ln=total.gate_bn_or_ln + d.gate_bn_or_ln,
            gate_norm_or_none=total.gate_norm_or_none + d.gate_norm_or_none,
            gate_residual=total.gate_residual + d.gate_residual,
            gate_skip=total.gate_skip + d.gate_skip,
        )
    store_sums(sums, total, c, num_channels, KIND)


@triton.jit
def store_sums(sums, total, c, num_channels, KIND: tl.constexpr):
    """Stores the sums of this program: of six weights and biases, and of constant gates."""
    if not KIND.has_constant_gates:
        mine = sums + tl.program_id(0) * 6 * num_channels
    elif KIND.has_residual_gate:
        mine = sums + tl.program_id(0) * 11 * num_channels
    else:
        mine = sums + tl.program_id(0) * 10 * num_channels
    store_sum(mine, total.bn_before_weight, 0, c, num_channels)
    store_sum(mine, total.bn_before_bias, 1, c, num_channels)
    store_sum(mine, total.bn_after_weight, 2, c, num_channels)
    store_sum(mine, total.bn_after_bias, 3, c, num_channels)
    store_sum(mine, total.ln_weight, 4, c, num_channels)
    store_sum(mine, total.ln_bias, 5, c, num_channels)
    if KIND.has_constant_gates:
        store_sum(mine, total.gate_bn_order, 6, c, num_channels)
        store_sum(mine, total.gate_bn_or_ln, 7, c, num_channels)
        store_sum(mine, total.gate_norm_or_none, 8, c, num_channels)
        if KIND.has_residual_gate:
            store_sum(mine, total.gate_residual, 9, c, num_channels)
            store_sum(mine, total.gate_skip, 10, c, num_channels)
        else:
            store_sum(mine, total.gate_skip, 9, c, num_channels)


@triton.jit(do_not_specialize=["num_rows"])
def finish_layer(inputs, d_rows, d_norms, num_rows, num_channels, KIND: tl.constexpr, ROWS: tl.constexpr,
                 CHANNELS: tl.constexpr):  # fmt: skip
    """Subtracts from the gradient of the layer's output what flows through mean and variance of the batch norms.

    They depend on every row: `d_norms`, (6, C), has the sums.
    """
    c = tl.arange(0, CHANNELS)[None, :]
    r = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]).to(tl.int64)
    mask = (r < num_rows) & (c < num_channels)
    if KIND.has_constant_gates:
        offset = r * num_channels + c
    else:
        offset = r * ((7 if KIND.has_residual_gate else 6) * num_channels) + c
    x = tl.load(inputs.rows + offset, mask=mask, other=0.0)
    activated = activate(x, KIND.activation)
    before_scale = load_channel(inputs.statistics, 1, c, num_channels)
    in_bn_before = (x - load_channel(inputs.statistics, 0, c, num_channels)) * before_scale
    after_scale = load_channel(inputs.statistics, 3, c, num_channels)
    in_bn_after = (activated - load_channel(inputs.statistics, 2, c, num_channels)) * after_scale
    of_before = load_channel(d_norms, 1, c, num_channels) + in_bn_before * load_channel(d_norms, 0, c, num_channels)
    of_after = load_channel(d_norms, 3, c, num_channels) + in_bn_after * load_channel(d_norms, 2, c, num_channels)
    of_before *= load_channel(inputs.bn_before_weight, 0, c, num_channels) * before_scale
    of_after *= load_channel(inputs.bn_after_weight, 0, c, num_channels) * after_scale
    d_layer = tl.load(d_rows + offset, mask=mask, other=0.0)
    d_layer -= (of_before + slope(x, activated, KIND.activation) * of_after) / num_rows
    tl.store(d_rows + offset, d_layer, mask=mask)
