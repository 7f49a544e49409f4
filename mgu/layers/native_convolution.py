"""What kernels in C are told of a convolution that they compute themselves, and of rows: mgu/native/convolution.h."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

MOST_TAPS = 32  # values under a window, up to which computing a convolution twice is cheaper than keeping its output


class Convolution(ctypes.Structure):
    """Mirrors `struct convolution` of mgu/native/convolution.h."""

    _fields_ = (
        ("in_channels", ctypes.c_long),
        *((name, ctypes.c_long * 2) for name in ("kernel", "stride", "padding", "in_size", "out_size")),
        *((name, ctypes.c_long * 4) for name in ("x_strides", "weight_strides")),
        *((name, ctypes.c_void_p) for name in ("x", "weight", "bias", "d_weight", "d_bias")),
        *((name, ctypes.c_void_p) for name in ("taps", "offsets", "in_order")),
    )


def count_taps(layer: Any, x: Tensor) -> int:
    """Counts the values under a window where a kernel computes the layer itself.

    It does where they are few, and no gradient of the input is asked for: the first layer of a network of images.

    Args:
        layer: Any layer.
        x: Its input.

    Returns:
        Their number; 0 where torch computes the layer.
    """
    if type(layer) is not nn.Conv2d or layer.groups != 1 or layer.dilation != (1, 1):
        return 0
    if x.requires_grad and torch.is_grad_enabled():
        return 0
    weight: Any = layer._parameters["weight"]
    padding: Any = layer.padding
    sizes = zip(x.shape[2:], padding, weight.shape[2:], strict=True)
    if any(size + 2 * pad < kernel for size, pad, kernel in sizes):  # torch says so in words
        return 0
    num_taps: int = weight.shape[1] * weight.shape[2] * weight.shape[3]
    return num_taps if num_taps <= MOST_TAPS and x.shape[1] == weight.shape[1] else 0


def fill_convolution(layer: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Convolution:
    """Fills in what a kernel is told of a convolution.

    Args:
        layer: Tells stride and padding.
        x: The input, (B, C, H, W), in any memory order.
        weight: The weight, (C', C, *).
        bias: The bias, (C',), or None.

    Returns:
        The arguments of a forward pass.
    """
    convolved = Convolution.from_buffer_copy(
        _geometry(x.shape, x.stride(), weight.shape, weight.stride(), layer.stride, layer.padding)
    )
    convolved.x, convolved.weight = x.data_ptr(), weight.data_ptr()
    convolved.bias = None if bias is None else bias.data_ptr()
    return convolved


@lru_cache(maxsize=256)
def _geometry(
    x_shape: tuple[int, ...],
    x_strides: tuple[int, ...],
    weight_shape: tuple[int, ...],
    weight_strides: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
) -> Convolution:
    """Returns the arguments that do not depend on where numbers lie; they are the same for nearly all calls."""
    kernel, size = tuple(weight_shape[2:]), tuple(x_shape[2:])
    out_size = tuple((s + 2 * p - k) // step + 1 for s, p, k, step in zip(size, padding, kernel, stride, strict=True))
    return Convolution(x_shape[1], kernel, stride, padding, size, out_size, x_strides, weight_strides)


def fill_gradients(convolved: Convolution, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Makes room for the gradients of a convolution, and tells them to the kernel that will write them.

    Args:
        convolved: The convolution, which is changed.
        weight: The weight.
        bias: The bias, or None.

    Returns:
        The gradients of weight and bias.
    """
    d_weight = torch.empty_strided(weight.shape, weight.stride(), dtype=weight.dtype, device=weight.device)
    d_bias = None if bias is None else torch.empty_like(bias)
    convolved.d_weight, convolved.d_bias = d_weight.data_ptr(), None if d_bias is None else d_bias.data_ptr()
    return d_weight, d_bias


def empty_rows(shape: tuple[int, ...], like: Tensor, axis: int) -> Tensor:
    """Returns memory for a tensor whose channels are last in it.

    Args:
        shape: The shape.
        like: Has the precision and the place.
        axis: Axis of the channels, counted from the end.

    Returns:
        The tensor, with any values. It is no view, so that autograd lets it be changed in place.
    """
    if len(shape) == 4 and axis == -3:
        return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)
    strides, step = [0] * len(shape), 1
    for each in (axis % len(shape), *(i for i in reversed(range(len(shape))) if i != axis % len(shape))):
        strides[each], step = step, step * shape[each]
    return torch.empty_strided(shape, strides, dtype=like.dtype, device=like.device)


def with_rows(tensor: Tensor, axis: int) -> Tensor:
    """Returns the tensor, or a copy, with the channels last in memory and nothing between its numbers.

    Args:
        tensor: Any tensor.
        axis: Axis of the channels, counted from the end.

    Returns:
        The tensor, of the same shape.
    """
    if axis == -3 and tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        return tensor  # found out by one question, for it is so nearly always
    rows = tensor.movedim(axis, -1)  # (B, *, C)
    return tensor if rows.is_contiguous() else rows.contiguous().movedim(-1, axis)
