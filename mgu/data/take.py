"""Examples by index."""

from __future__ import annotations

from torch import Tensor


def take(examples: Tensor, index: Tensor | slice) -> Tensor:
    """Returns the examples at an index.

    An index that is a tensor selects whole examples here, which is a copy of memory each; indexing by it, torch
    computes the place of every number.

    Args:
        examples: All examples, (N, *).
        index: Which of them: numbers (B,) on the same device, or a slice.

    Returns:
        Those examples, (B, *).
    """
    return examples[index] if isinstance(index, slice) else examples.index_select(0, index)
