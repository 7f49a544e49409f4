"""What the kernel of a unit is told: which function it computes, and the arguments of one call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from mgu.kernels.kinds import UnitKernels
from mgu.layers.native_convolution import Convolution
from mgu.native.library import threads_for
from mgu.unit.bypass import Centres
from mgu.unit.kernel import Call
from mgu.unit.norms import Norms

VALUES_PER_THREAD = 15_000


@dataclass(eq=False)
class Fusion:
    """Says what of one call of a unit the function computes.

    Attributes:
        kernel: See `find_kernel`; or the kernels that Triton compiles, which compute what follows the layers.
        norms: The unit's norms.
        axis: Axis of the channels of the layer's output, counted from the end.
        layers: The layers that it applies to x: all transforms, or, where gates are constant, the layer alone; none
            where their outputs are given.
        convolves: Whether the kernel itself computes the layers.
        centres: Where in x the bypass is read off; None where it is given or a transform like the others.
        template: What the kernel was told at the last call; most of it is the same at the next.
    """

    kernel: ctypes.CDLL | UnitKernels
    norms: Norms
    axis: int
    layers: Sequence[Any] = ()
    convolves: bool = False
    centres: Centres | None = None
    template: CallTemplate | None = None


class CallTemplate(NamedTuple):
    """Holds the arguments of a kernel that do not depend on the batch.

    Attributes:
        call: The arguments.
        addresses: Where in memory the logits and the parameters of the norms lie.
        start: Bytes of x before the first number of the bypass, where that is read off x.
    """

    call: Call
    addresses: list[int]
    start: int


def fill_call(
    fusion: Fusion,
    convolved: Convolution,
    packed: Tensor,
    x: Tensor | None,
    bypass: Tensor | None,
    logits: Sequence[Tensor],
    norms: Sequence[Tensor],
    statistics: Tensor,
) -> Call:
    """Returns the arguments that forward and backward have in common.

    Args:
        fusion: What is computed.
        convolved: The convolution, where the kernel computes it.
        packed: Outputs of the layers, or room for them.
        x: The input, where it is read.
        bypass: Output of the bypass, where that is given.
        logits: Constant gates before the sigmoid.
        norms: Weight and bias of each norm.
        statistics: Those of the batch norms, (4, C).

    Returns:
        The arguments, without what only one of the two passes reads or writes.
    """
    addresses = [tensor.data_ptr() for tensor in (*logits, *norms)]
    template = fusion.template
    if template is None or template.addresses != addresses:
        fusion.template = template = _fill_template(fusion, packed, x, logits, addresses)
    call = Call.from_buffer_copy(template.call)
    if fusion.convolves:
        call.convolution = convolved
    size = packed.numel()
    call.rows, call.threads = size // packed.shape[fusion.axis], threads_for(size, VALUES_PER_THREAD)
    call.packed, call.statistics = packed.data_ptr(), statistics.data_ptr()
    if bypass is not None:
        call.bypass = bypass.data_ptr()
    elif fusion.centres:
        assert x is not None
        call.bypass = x.data_ptr() + template.start
    return call


def _fill_template(
    fusion: Fusion, packed: Tensor, x: Tensor | None, logits: Sequence[Tensor], addresses: Sequence[int]
) -> CallTemplate:
    """Returns the arguments that depend on the modules of a unit and on the shape of its input."""
    before, _, ln = fusion.norms
    num_channels = len(before.weight)
    call, start = Call(channels=num_channels, training=before.training), 0
    call.bn_eps, call.ln_eps, call.momentum = before.eps, ln.eps, before.momentum
    call.logits[: len(logits)], call.norms[:] = addresses[: len(logits)], addresses[len(logits) :]
    call.running[:] = [tensor.data_ptr() for tensor in fusion.norms.statistics]
    call.logit_step = int(bool(logits) and logits[0].numel() == num_channels)
    if fusion.centres:
        assert x is not None
        call.centre_channels = x.shape[fusion.axis]
        call.centre_size, call.centre_strides = fusion.centres.layout(x, packed)
        start = fusion.centres.start(x) * x.element_size()
    return CallTemplate(call, list(addresses), start)
