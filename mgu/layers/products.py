"""Products of matrices by that library of torch's which has instructions for this processor.

Torch multiplies with MKL, and convolves with oneDNN. On AMD's processors MKL has no 512-bit instructions: there the
product that torch has of oneDNN, for its compiler's sake, is twice as fast.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mgu.native.processor import has_narrow_mkl

LEAST = 1_500_000  # products of numbers from which on it is worth a call that takes ten microseconds more


def multiply(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Multiplies rows by the transpose of a weight, without a record for gradients.

    Args:
        rows: The rows; may be a transposed view, as the weight may.
        weight: The weight.
        bias: What is added to each row.

    Shape:
        rows: (N, K); weight: (C, K); bias: (C,); returns (N, C).

    Returns:
        The product.
    """
    num_products = rows.numel() * weight.shape[0]
    if num_products >= LEAST and rows.dtype == torch.float32 and (product := find_product()):
        out: Tensor = product(rows, weight, bias, "none", [], "")
        return out
    return F.linear(rows, weight, bias)


@cache
def find_product() -> Any:
    """Returns oneDNN's product where it is worth while; None elsewhere, and where this torch has none."""
    if not has_narrow_mkl() or not torch.backends.mkldnn.is_available():
        return None
    return getattr(torch.ops.mkldnn, "_linear_pointwise", None)
