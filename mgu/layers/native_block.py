"""The native engine of baseline blocks: layer, norm, activation and residual as one autograd.Function over block.c.

It keeps the block's input, the layer's output and two statistics a channel for the backward pass, and recomputes the
rest there. A convolution of few values under a window, as the first of a network is, computes its output anew, too.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from mgu.layers.activation import Activation
from mgu.layers.block_kernel import BlockKind, Call, find_block_kernel
from mgu.layers.link import Link
from mgu.layers.native_convolution import (
    Convolution,
    count_taps,
    empty_rows,
    fill_convolution,
    fill_gradients,
    with_rows,
)
from mgu.layers.native_layer import compute_layer, layer_gradients, layer_obstacle
from mgu.layers.normalization import BatchNorm, LayerNorm
from mgu.layers.obstacle import Obstacle
from mgu.layers.packed import has_hooks, with_channels_last
from mgu.layers.tracing import refuse_higher_order
from mgu.native.library import REALS, run_kernel, threads_for

VALUES_PER_THREAD = 15_000
# By what comes before and after the activation.
NORMS: dict[tuple[type, type], str] = {
    (nn.Identity, nn.Identity): "no_norm",
    (BatchNorm, nn.Identity): "bn_pre",
    (nn.Identity, BatchNorm): "bn_post",
    (nn.Identity, LayerNorm): "ln",
}


@dataclass(eq=False)
class Native:
    """Says how one call of a block is computed.

    Attributes:
        kernel: The compiled kernel.
        layer: The block's layer.
        norm: Its norm, or None.
        shortcut: The layer of the residual, or None.
        axis: Axis of the channels of the output, counted from the end.
        convolves: Whether the kernel computes the layer.
        cancels_bias: Whether a batch norm follows the layer, which subtracts its bias again.
        template: What the kernel was told at the last call; most of it is the same at the next.
    """

    kernel: ctypes.CDLL
    layer: Any
    norm: BatchNorm | LayerNorm | None
    shortcut: Any
    axis: int
    convolves: bool
    cancels_bias: bool
    template: CallTemplate | None = None


class CallTemplate(NamedTuple):
    """Holds the arguments of a kernel that do not depend on the batch.

    Attributes:
        call: The arguments.
        addresses: Where in memory weight and bias of the norm lie.
    """

    call: Call
    addresses: tuple[int, int]


class BlockNorm(NamedTuple):
    """Names the norm of a block.

    Attributes:
        name: One of mgu.layers.block.NORMS.
        module: The norm, or None.
    """

    name: str
    module: Any


def find_norm(pre: nn.Module, post: nn.Module) -> BlockNorm | Obstacle:
    """Returns the name and the module of a block's norm, or why kernels do not know it.

    Args:
        pre: What comes between layer and activation.
        post: What comes after the activation.

    Returns:
        The norm, or the reason.
    """
    name = NORMS.get((type(pre), type(post)))
    if name is None or has_hooks(pre) or has_hooks(post):
        return Obstacle("where the norms are not the block's own, or have hooks")
    if name == "no_norm":
        return BlockNorm(name, None)
    return BlockNorm(name, pre if name == "bn_pre" else post)


def find_native(
    layer: Any, pre: nn.Module, post: nn.Module, shortcut: Any, activation: Activation, x: Tensor
) -> Native | Obstacle:
    """Returns how to compute one call of a block, or why that is impossible.

    Args:
        layer: The block's layer.
        pre: What comes between layer and activation.
        post: What comes after the activation.
        shortcut: The layer of the residual, or None.
        activation: The activation.
        x: The input.

    Returns:
        The way, or the reason.
    """
    norm = find_norm(pre, post)
    if isinstance(norm, Obstacle):
        return norm
    if not x.is_cpu or x.numel() == 0 or x.dtype not in REALS or torch.is_autocast_enabled("cpu"):
        return Obstacle("on other devices than the CPU, under autocast, in half precision, and for empty inputs")
    for each in (layer,) if shortcut is None else (layer, shortcut):
        if reason := layer_obstacle(each, x):
            return Obstacle(reason)
    weight = layer._parameters["weight"]
    num_channels, axis = weight.shape[0], -1 if type(layer) is nn.Linear else 1 - weight.dim()
    if norm.module is not None and not _fits(norm.module, num_channels, axis, x):
        return Obstacle("where the norm is not one number a channel in the input's precision and place")
    num_taps = count_taps(layer, x)
    if kernel := find_block_kernel(BlockKind(activation, x.dtype, num_channels, norm.name, num_taps)):
        return Native(kernel, layer, norm.module, shortcut, axis, num_taps > 0, cancels_bias=norm.name == "bn_pre")
    return Obstacle("without a C compiler, and for activations but selu, relu, silu and tanh")


def _fits(norm: Any, num_channels: int, axis: int, x: Tensor) -> bool:
    """Tells whether the kernel can read the norm, and normalises the same channels."""
    if norm.channel_axis not in (axis, axis + x.dim()):
        return False
    shape, dtype = (num_channels,), x.dtype
    return all(
        tensor.shape == shape and tensor.dtype == dtype and tensor.is_cpu and tensor.is_contiguous()
        for tensor in (*norm._parameters.values(), *norm._buffers.values())
    )


def apply_native(native: Native, x: Tensor) -> Tensor:
    """Computes a block; in training mode this updates the running statistics of a batch norm.

    Args:
        native: See `find_native`.
        x: The input.

    Returns:
        The output.
    """
    out: Tensor = _Block.apply(native, x, *_parameters_of(native))
    return out


def link_native(native: Native) -> Link:
    """Returns the call that computes a block.

    Args:
        native: See `find_native`.
    """
    return Link(_Block, (native,), (), tuple(_parameters_of(native)))


def _parameters_of(native: Native) -> Iterator[Tensor | None]:
    """Yields weight and bias of layer, norm and shortcut."""
    for module in (native.layer, native.norm, native.shortcut):
        own = {} if module is None else module._parameters
        yield from (own.get("weight"), own.get("bias"))


class _Block(torch.autograd.Function):
    """Calls `forward` and `backward` of a kernel on rows, one a position, around the layer's own two passes."""

    @staticmethod
    def forward(ctx: Any, native: Native, x: Tensor, *parameters: Tensor | None) -> Tensor:
        weight, bias, norm_weight, norm_bias, shortcut_weight, shortcut_bias = parameters
        assert weight is not None
        convolved = Convolution()
        if not native.convolves or native.shortcut is not None:
            x = with_channels_last(x)
        if native.convolves:
            convolved = fill_convolution(native.layer, x, weight, bias)
            layer = empty_rows((x.shape[0], weight.shape[0], *convolved.out_size), x, native.axis)
        else:
            layer = with_rows(compute_layer(native.layer, x, weight, bias), native.axis)
        added = None
        if shortcut_weight is not None:
            added = with_rows(compute_layer(native.shortcut, x, shortcut_weight, shortcut_bias), native.axis)
        out, statistics = torch.empty_like(layer), x.new_empty(2, weight.shape[0])
        call = _fill_call(native, convolved, layer, norm_weight, norm_bias, statistics)
        call.added, call.out = None if added is None else added.data_ptr(), out.data_ptr()
        run_kernel(native.kernel.forward, call)
        if call.training and isinstance(native.norm, BatchNorm):
            increment_version([native.norm.running_mean, native.norm.running_var])
        ctx.native, ctx.training, ctx.shape = native, call.training, layer.shape
        kept = None if native.convolves else layer
        ctx.save_for_backward(x, kept, statistics, weight, bias, norm_weight, norm_bias, shortcut_weight)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        refuse_higher_order(grad, "eager")
        native: Native = ctx.native
        is_cancelled = native.cancels_bias and ctx.training
        x, layer, statistics, weight, bias, norm_weight, norm_bias, shortcut_weight = ctx.saved_tensors
        _, needs_x, needs_weight, needs_bias, _, _, *of_shortcut = ctx.needs_input_grad
        d_out, convolved, d_weight, d_bias = with_rows(grad, native.axis), Convolution(), None, None
        if native.convolves:
            convolved = fill_convolution(native.layer, x, weight, bias)
            d_weight, d_bias = fill_gradients(convolved, weight, bias)
            layer = empty_rows(ctx.shape, x, native.axis)
        d_layer, d_norm = torch.empty_like(layer), torch.empty_like(statistics)
        call = _fill_call(native, convolved, layer, norm_weight, norm_bias, statistics)
        call.training = ctx.training
        call.d_out, call.d_layer, call.d_norm = d_out.data_ptr(), d_layer.data_ptr(), d_norm.data_ptr()
        if needs_bias and not native.convolves and not is_cancelled:
            d_bias = torch.empty_like(bias)
            call.d_bias = d_bias.data_ptr()
        run_kernel(native.kernel.backward, call)
        d_x = None
        if not native.convolves:
            d_x, d_weight, _ = layer_gradients(native.layer, d_layer, x, weight, (needs_x, needs_weight, False))
        if needs_bias and is_cancelled:
            d_bias = torch.zeros_like(bias)
        d_shortcut: Sequence[Tensor | None] = (None, None)
        if shortcut_weight is not None:
            needed = needs_x, *of_shortcut
            d_added, *d_shortcut = layer_gradients(native.shortcut, d_out, x, shortcut_weight, needed)
            d_x = d_x if d_x is None or d_added is None else d_x.add_(d_added)
        of_norm = (None, None) if native.norm is None else d_norm.unbind()
        return None, d_x, d_weight, d_bias, *of_norm, *d_shortcut


def _fill_call(
    native: Native,
    convolved: Convolution,
    layer: Tensor,
    norm_weight: Tensor | None,
    norm_bias: Tensor | None,
    statistics: Tensor,
) -> Call:
    """Returns the arguments that forward and backward have in common."""
    addresses = _address_of(norm_weight), _address_of(norm_bias)
    template = native.template
    if template is None or template.addresses != addresses:
        call = _fill_norm(native.norm, statistics.shape[1], addresses)
        native.template = template = CallTemplate(call, addresses)
    call, size = Call.from_buffer_copy(template.call), layer.numel()
    if native.convolves:
        call.convolution = convolved
    call.rows, call.threads = size // call.channels, threads_for(size, VALUES_PER_THREAD)
    call.layer, call.statistics = layer.data_ptr(), statistics.data_ptr()
    return call


def _address_of(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()


def _fill_norm(norm: BatchNorm | LayerNorm | None, num_channels: int, addresses: tuple[int, int]) -> Call:
    """Returns the arguments that depend on the modules of a block."""
    call = Call(channels=num_channels)
    if norm is not None:
        call.eps, (call.weight, call.bias) = norm.eps, addresses
    if isinstance(norm, BatchNorm):
        call.training, call.momentum = norm.training, norm.momentum
        call.running_mean, call.running_var = norm.running_mean.data_ptr(), norm.running_var.data_ptr()
    return call
