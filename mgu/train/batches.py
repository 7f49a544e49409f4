"""How the examples of an epoch are split into batches."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor


def split_into_batches(order: Tensor, batch_size: int, is_even: bool) -> Sequence[Tensor]:
    """Splits the order of an epoch into batches.

    Every batch is one full-size step of the optimizer, however few examples it has. A last batch of two examples is a
    step in a nearly random direction right before the epoch is evaluated; even batches have none.

    Args:
        order: Numbers of the examples, (N,).
        batch_size: Largest number of examples in a batch.
        is_even: Whether the batches have equal sizes, but for one example; else all are full but the last one.

    Returns:
        The parts of `order`, equally many in both cases; even ones begin with the larger ones.
    """
    if is_even:
        return order.tensor_split(math.ceil(len(order) / batch_size))
    parts: Sequence[Tensor] = order.split(batch_size)
    return parts
