"""The native engine of units: layer, gates and everything after them as one autograd.Function over fused.c.

It keeps the unit's input, the outputs of the transforms and four statistics a channel for the backward pass, and
recomputes the rest there: half of what autograd keeps of mgu/unit/mixing.py, which computes the same equations in plain
torch, and a fraction of its passes over memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from mgu.kernels.kinds import UnitKernels
from mgu.layers.link import Link
from mgu.layers.native_convolution import (
    Convolution,
    empty_rows,
    fill_convolution,
    fill_gradients,
    with_rows,
)
from mgu.layers.native_layer import compute_layer, layer_gradients
from mgu.layers.packed import with_channels_last
from mgu.layers.storage import join_storage
from mgu.layers.tracing import refuse_higher_order
from mgu.native.library import run_kernel
from mgu.unit.fused_cuda import mix_on_cuda
from mgu.unit.fusion import Fusion, fill_call


class Kept(NamedTuple):
    """Holds what the backward pass needs beside tensors that autograd keeps; one attribute is set faster than seven."""

    fusion: Fusion
    counts: tuple[int, int, int]
    training: int
    packed_shape: torch.Size
    weight: Any  # a tensor or None, as bias
    bias: Any
    bypass_shape: Any  # a torch.Size or None


def apply_fused(
    fusion: Fusion,
    x: Tensor | None = None,
    outputs: Tensor | None = None,
    bypass: Tensor | None = None,
    logits: Sequence[Tensor] = (),
) -> Tensor:
    """Computes a unit (Damian and Piciu 2020, eq. 1-19).

    In training mode this updates the running statistics of the batch norms.

    Args:
        fusion: What is computed here.
        x: The input of the layers, where there are any.
        outputs: Without layers, their outputs: of layer, bypass and gates side by side along the channel axis, or of
            the layer alone where gates are constant.
        bypass: Output of the bypass where gates are constant and it is not read off x; it broadcasts to the layer's.
        logits: Constant gates before the sigmoid, one number a channel each, or one each.

    Shape:
        x: as the layer takes it; outputs: (B, transforms * C, *); bypass: (B, C, *); logits: (C,) or (1,) each; returns
        (B, C, *).

    Returns:
        The output of the unit.
    """
    if isinstance(fusion.kernel, UnitKernels):
        assert outputs is not None
        return mix_on_cuda(fusion.kernel, fusion.norms, outputs, bypass, logits)
    counts, tensors = _parameters_of(fusion, logits)
    out: Tensor = _Fused.apply(fusion, counts, x, outputs, bypass, *tensors)
    return out


def link_fused(fusion: Fusion, logits: Sequence[Tensor] = ()) -> Link:
    """Returns the call that computes a unit, where nothing but its input is to be known.

    Args:
        fusion: What is computed on the CPU, layers included; the bypass of constant gates is read off the input.
        logits: Constant gates before the sigmoid.
    """
    counts, tensors = _parameters_of(fusion, logits)
    return Link(_Fused, (fusion, counts), (None, None), tuple(tensors))


def _parameters_of(fusion: Fusion, logits: Sequence[Tensor]) -> tuple[tuple[int, int, int], list[Tensor]]:
    """Returns how many weights, biases and logits there are, and these, then the parameters of the norms."""
    weights = [layer._parameters["weight"] for layer in fusion.layers]
    biases = [layer._parameters["bias"] for layer in fusion.layers if layer._parameters["bias"] is not None]
    return (len(weights), len(biases), len(logits)), [*weights, *biases, *logits, *fusion.norms.parameters]


class _Fused(torch.autograd.Function):
    """Calls `forward` and `backward` of a kernel on rows, one a position, around the layers' own two passes."""

    @staticmethod
    def forward(
        ctx: Any,
        fusion: Fusion,
        counts: tuple[int, int, int],
        x: Tensor | None,
        outputs: Tensor | None,
        bypass: Tensor | None,
        *tensors: Tensor,
    ) -> Tensor:
        weights, biases, logits, norms = _split(tensors, counts)
        assert isinstance(fusion.kernel, ctypes.CDLL)
        axis, num_channels, convolved = fusion.axis, norms[0].shape[0], Convolution()
        weight, bias = _joined(weights), _joined(biases)
        if outputs is not None:
            packed = with_rows(outputs, axis)
        else:
            assert x is not None and weight is not None
            if fusion.centres:
                x = with_rows(with_channels_last(x), axis)
            elif not fusion.convolves:
                x = with_channels_last(x)
            if fusion.convolves:
                convolved = fill_convolution(fusion.layers[0], x, weight, bias)
                packed = empty_rows((x.shape[0], weight.shape[0], *convolved.out_size), x, axis)
            else:
                packed = with_rows(compute_layer(fusion.layers[0], x, weight, bias), axis)
        shape = list(packed.shape)
        shape[axis] = num_channels
        bypass_shape = None if bypass is None else bypass.shape
        bypass = None if bypass is None else with_rows(bypass.expand(shape), axis)
        out, statistics = empty_rows(tuple(shape), packed, axis), packed.new_empty(4, num_channels)
        call = fill_call(fusion, convolved, packed, x, bypass, logits, norms, statistics)
        call.out = out.data_ptr()
        run_kernel(fusion.kernel.forward, call)
        if call.training:
            increment_version(fusion.norms.statistics)
        ctx.kept = Kept(fusion, counts, call.training, packed.shape, weight, bias, bypass_shape)
        rows = None if fusion.convolves else packed
        ctx.save_for_backward(x, rows, bypass, statistics, *weights, *logits, *norms)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_higher_order(grad, "eager or packed")
        kept: Kept = ctx.kept
        fusion, (num_weights, num_biases, num_logits), weight, bias = kept.fusion, kept.counts, kept.weight, kept.bias
        assert isinstance(fusion.kernel, ctypes.CDLL)
        x, packed, bypass, statistics, *tensors = ctx.saved_tensors
        _, _, logits, norms = _split(tensors, (num_weights, 0, num_logits))
        convolved, d_weight, d_bias = Convolution(), None, None
        d_out = with_rows(grad, fusion.axis)
        if fusion.convolves:
            convolved = fill_convolution(fusion.layers[0], x, weight, bias)
            d_weight, d_bias = fill_gradients(convolved, weight, bias)
            packed = empty_rows(kept.packed_shape, d_out, fusion.axis)
        d_layer, d_norms = torch.empty_like(d_out), statistics.new_empty(6, statistics.shape[1])
        d_packed, d_logits = _room_for_packed(packed, d_layer), statistics.new_empty(num_logits, statistics.shape[1])
        call = fill_call(fusion, convolved, packed, x, bypass, logits, norms, statistics)
        call.training, call.d_out, call.d_packed = kept.training, d_out.data_ptr(), d_packed.data_ptr()
        call.d_layer, call.d_norms, call.d_logits = d_layer.data_ptr(), d_norms.data_ptr(), d_logits.data_ptr()
        needs_x, _, needs_bypass, *needed = ctx.needs_input_grad[2:]
        d_bypass = None
        if num_logits and (needs_bypass or (fusion.centres and needs_x)):
            d_bypass = torch.empty_like(bypass) if bypass is not None else _room_for_centres(d_out, x, fusion)
            call.d_bypass = d_bypass.data_ptr()
        needs_bias = any(needed[num_weights : num_weights + num_biases]) and not fusion.convolves
        if num_logits and needs_bias:
            d_bias = torch.empty_like(bias)
            call.d_bias, needs_bias = d_bias.data_ptr(), False
        run_kernel(fusion.kernel.backward, call)
        d_x = None
        if fusion.layers and not fusion.convolves:
            asked = needs_x, any(needed[:num_weights]), needs_bias
            d_x, d_weight, of_bias = layer_gradients(fusion.layers[0], d_packed, x, weight, asked)
            d_bias = of_bias if d_bias is None else d_bias
        if fusion.centres and d_x is not None:
            d_x = with_rows(d_x, fusion.axis)
            call.d_x = d_x.data_ptr() + fusion.centres.start(x) * d_x.element_size()
            fusion.kernel.add_centres(ctypes.byref(call))
        return (
            *(
                None,
                None,
                d_x,
                None if fusion.layers else d_packed,
                _summed(d_bypass, kept.bypass_shape) if needs_bypass else None,
            ),
            *_parts(d_weight, num_weights),
            *_parts(d_bias, num_biases),
            *(d_logits.unbind() if num_logits and logits[0].numel() == statistics.shape[1] else d_logits.sum(1, True)),
            *d_norms.unbind(),
        )


def _split(tensors: Sequence[Tensor], counts: tuple[int, int, int]) -> tuple[Sequence[Tensor], ...]:
    """Returns weights, biases, logits, and the parameters of the norms."""
    first, second = counts[0], counts[0] + counts[1]
    third = second + counts[2]
    return tensors[:first], tensors[first:second], tensors[second:third], tensors[third:]


def _summed(gradient: Tensor | None, shape: Sequence[int]) -> Tensor | None:
    """Returns the gradient of what was broadcast."""
    return None if gradient is None else gradient.sum_to_size(*shape)


def _joined(tensors: Sequence[Tensor]) -> Tensor | None:
    """Returns the tensors as one; None without any."""
    if len(tensors) > 1:
        return join_storage(tensors)
    return tensors[0] if tensors else None


def _parts(gradient: Tensor | None, count: int) -> Sequence[Tensor | None]:
    """Returns the parts of a gradient that are those of the joined tensors."""
    if gradient is None or count < 2:
        return [gradient] * count
    return torch.unsafe_chunk(gradient, count)


def _room_for_packed(packed: Tensor, d_layer: Tensor) -> Tensor:
    """Returns where the gradients of the outputs are to be written.

    Where gates are constant, that is in place of the layer's. Else it is over the outputs, unless another backward pass
    needs them (retain_graph=True): half the memory.
    """
    if packed.shape == d_layer.shape:
        return d_layer
    return torch.empty_like(packed) if torch._C._autograd._get_current_graph_task_keep_graph() else packed


def _room_for_centres(d_out: Tensor, x: Tensor, fusion: Fusion) -> Tensor:
    assert fusion.centres
    return d_out.new_empty(d_out.numel() // d_out.shape[fusion.axis], x.shape[fusion.axis])
