"""Convolutions as products of matrices: what is under each window becomes a row (im2col; Chellapilla et al. 2006).

oneDNN, which torch has for convolutions, rearranges the weight at every call. In training that costs more than the
convolution where there are few positions to apply it to: the backward pass of deep layers of the paper's networks is up
to 3.6 times as fast this way. Where products are slow, see mgu/layers/products.py, they are worth it for the fewest
positions only.

https://inria.hal.science/inria-00112631
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from mgu.layers.products import find_product
from mgu.native.library import REALS, load, threads_for
from mgu.native.processor import has_narrow_mkl

SOURCE = Path(__file__).with_name("patches.c")
VALUES_PER_THREAD = 100_000
WIDE = 224  # channels of the output from which on a layer is wide, as those of a unit side by side are


class Most(NamedTuple):
    """Holds the positions of a batch up to which products are faster, as benchmarks/patches.py measures.

    Attributes:
        narrow: For a layer of few channels.
        wide: For one of many, whose weight takes longer to rearrange.
    """

    narrow: int
    wide: int


FORWARD, BACKWARD = Most(256, 2304), Most(2304, 3136)
if find_product():
    FORWARD, BACKWARD = Most(1024, 3136), Most(3136, 3136)
elif has_narrow_mkl():
    FORWARD = BACKWARD = Most(256, 256)


class Call(ctypes.Structure):
    """Mirrors `struct call` of patches.c; mgu/native/layout.py checks that it does."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("images", "channels", "threads")),
        *((name, ctypes.c_long * 2) for name in ("kernel", "stride", "padding", "in_size", "out_size")),
        *((name, ctypes.c_void_p) for name in ("x", "patches")),
    )


class Patches:
    """Describes the windows of one convolution on images of one shape.

    Args:
        library: The compiled patches.c.
        shape: Of the images, (B, C, H, W).
        kernel: Height and width of the window.
        stride: Steps between windows.
        padding: Zeros on each side.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        shape: tuple[int, ...],
        kernel: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
    ) -> None:
        self.shape, self._library = shape, library
        images, channels, *size = shape
        sizes = zip(size, kernel, stride, padding, strict=True)
        self.out_size = tuple((s + 2 * p - k) // step + 1 for s, k, step, p in sizes)
        self.num_positions = images * self.out_size[0] * self.out_size[1]
        self.num_values = channels * kernel[0] * kernel[1]
        self._call = Call(images, channels, 1, kernel, stride, padding, tuple(size), self.out_size)

    def of(self, x: Tensor) -> Tensor:
        """Returns the patches of images with channels last in memory: (B, C, H, W) to (N, values)."""
        patches = x.new_empty(self.num_positions, self.num_values)
        self._run(self._library.unfold, x, patches)
        return patches

    def images(self, patches: Tensor) -> Tensor:
        """Returns the images that are sums of patches, channels last in memory: the transpose of `of`."""
        x = torch.empty(self.shape, dtype=patches.dtype, device=patches.device, memory_format=torch.channels_last)
        self._run(self._library.fold, x, patches)
        return x

    def _run(self, function: Any, x: Tensor, patches: Tensor) -> None:
        call = Call.from_buffer_copy(self._call)
        call.threads = threads_for(patches.numel(), VALUES_PER_THREAD)
        call.x, call.patches = x.data_ptr(), patches.data_ptr()
        function(ctypes.byref(call))


def find_patches(layer: Any, x: Tensor, weight: Tensor, most: Most) -> Patches | None:
    """Returns the patches of a convolution where products of matrices are faster; None elsewhere.

    Args:
        layer: Any layer.
        x: Its input, with channels last in memory.
        weight: Its weight.
        most: FORWARD or BACKWARD.

    Returns:
        The patches; None for other layers, for many positions, and without a C compiler.
    """
    if type(layer) is not nn.Conv2d or layer.groups != 1 or layer.dilation != (1, 1) or x.shape[1] != weight.shape[1]:
        return None
    patches = _find(tuple(x.shape), tuple(weight.shape[2:]), layer.stride, layer.padding, x.dtype)
    at_most = most.wide if weight.shape[0] >= WIDE else most.narrow
    return patches if patches and 0 < patches.num_positions <= at_most else None


@lru_cache(maxsize=256)
def _find(
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dtype: torch.dtype,
) -> Patches | None:
    library = load(SOURCE, Call, REAL=REALS[dtype]) if dtype in REALS else None
    is_empty = any(size + 2 * pad < width for size, pad, width in zip(shape[2:], padding, kernel, strict=True))
    return None if library is None or is_empty else Patches(library, shape, kernel, stride, padding)
