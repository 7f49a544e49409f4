"""What selects a kernel, and the tensors that kernels read, as values; this module needs no Triton."""

from __future__ import annotations

from typing import Any, NamedTuple


class Batched(NamedTuple):
    """Says which batch norms there are, and how they work.

    Attributes:
        before: Whether there is one of the layer's output.
        after: Whether there is one of its activation.
        training: Whether they normalise by the batch, not by running statistics.
        activation: Name of the activation.
        eps: Constant added to the variance.
        momentum: Weight of the newest batch in running statistics.
    """

    before: bool
    after: bool
    training: bool
    activation: str
    eps: float
    momentum: float


class Running(NamedTuple):
    """Holds the running statistics of two batch norms, (C,) each; where there is one norm, both are the same.

    Attributes:
        before_mean: Mean of the layer's output.
        before_var: Its variance.
        after_mean: Mean of its activation.
        after_var: Its variance.
    """

    before_mean: Any
    before_var: Any
    after_mean: Any
    after_var: Any


class UnitKernels(NamedTuple):
    """Selects kernels: each kind is compiled by itself.

    Attributes:
        activation: Name of the unit's activation.
        is_reference: Whether the wiring is "reference", not "equations".
        has_residual_gate: Whether the unit has the residual gate.
        has_constant_gates: Whether each gate is one number a channel.
        ln_eps: Constant that the layer norm adds to the variance.
    """

    activation: str
    is_reference: bool
    has_residual_gate: bool
    has_constant_gates: bool
    ln_eps: float


class UnitInputs(NamedTuple):
    """Holds what forward and backward of a unit read.

    Attributes:
        rows: Outputs of the transforms, (N, transforms * C); for constant gates the layer's, (N, C).
        bypass: Output of the bypass, (N, C); read for constant gates only.
        gates: Gate values, (gates, C); read for constant gates only.
        bn_before_weight: Weight of the batch norm before the activation, (C,), as all weights and biases.
        bn_before_bias: Its bias.
        bn_after_weight: Weight of the batch norm after the activation.
        bn_after_bias: Its bias.
        ln_weight: Weight of the layer norm.
        ln_bias: Its bias.
        statistics: Mean and 1 / sqrt(variance + eps) of the layer's output, then of its activation, (4, C).
    """

    rows: Any
    bypass: Any
    gates: Any
    bn_before_weight: Any
    bn_before_bias: Any
    bn_after_weight: Any
    bn_after_bias: Any
    ln_weight: Any
    ln_bias: Any
    statistics: Any


class BlockKernels(NamedTuple):
    """Selects kernels: each kind is compiled by itself.

    Attributes:
        norm: "bn_pre", "bn_post", "ln" or "no_norm".
        activation: Name of the block's activation.
        has_residual: Whether a shortcut is added.
        training: Whether a batch norm normalises by the batch.
        ln_eps: Constant that a layer norm adds to the variance.
    """

    norm: str
    activation: str
    has_residual: bool
    training: bool
    ln_eps: float


class BlockInputs(NamedTuple):
    """Holds what forward and backward of a block read; what its kind has not is not read.

    Attributes:
        rows: Output of the layer, (N, C).
        added: Output of the shortcut, (N, C).
        weight: Weight of the norm, (C,).
        bias: Bias of the norm, (C,).
        statistics: Mean and 1 / sqrt(variance + eps) of a batch norm, (2, C).
    """

    rows: Any
    added: Any
    weight: Any
    bias: Any
    statistics: Any
