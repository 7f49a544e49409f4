"""The shapes of one example, on either side of a model."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Shapes(NamedTuple):
    """Holds what a model must know of one example before it can be built.

    Attributes:
        inputs: Shape of the input, without the batch.
        num_outputs: How many numbers the model returns.
        dtype: Type of the input's numbers.
    """

    inputs: tuple[int, ...]
    num_outputs: int
    dtype: torch.dtype = torch.float32
