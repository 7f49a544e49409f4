"""The adding problem (Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735).

Each step of a sequence has a number from U(0, 1) and a mark, which is 1 at one step of the first half and at one of the
second; the target is the sum of the two marked numbers. Guessing 1 has a mean squared error of 1/6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from mgu.config.datasets import AddingConfig
from mgu.data.splits import Splits
from mgu.data.take import take


@dataclass(frozen=True)
class MarkedSequences:
    """Holds the numbers of sequences and where the marks are, half of what the inputs would take.

    Attributes:
        numbers: (N, T) as float32.
        marked: The two marked steps of each (N, 2), by number.
    """

    numbers: Tensor
    marked: Tensor

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        return self.numbers.device

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns numbers and marks (B, T, 2), and sums (B,), of the sequences at `index`."""
        numbers, marked = take(self.numbers, index), take(self.marked, index)
        marks = torch.zeros_like(numbers).scatter_(1, marked, 1.0)
        return torch.stack([numbers, marks], dim=2), numbers.gather(1, marked).sum(dim=1)

    def raw(self, index: Tensor | slice) -> Tensor:
        """Returns numbers and marks (B, T, 2) of the sequences at `index`."""
        return self.batch(index)[0]

    @property
    def preprocessing(self) -> nn.Module:
        """The module from `raw` inputs to those of `batch`: the network takes them as they are."""
        return nn.Identity()

    def to(self, device: torch.device) -> Self:
        """Returns the same sequences on `device`."""
        return replace(self, numbers=self.numbers.to(device), marked=self.marked.to(device))

    def subset(self, index: Tensor) -> Self:
        """Returns the sequences at `index`."""
        return replace(self, numbers=self.numbers[index], marked=self.marked[index])


def draw_splits(config: AddingConfig) -> Splits:
    """Draws training, validation and test sequences, each part from a stream of its own.

    Args:
        config: Length, numbers and seed.

    Returns:
        The splits; those of one seed begin alike, however many sequences they have.
    """
    counts = (config.num_train, config.num_val, config.num_test)
    train, val, test = (_draw(config.length, count, [config.draw_seed, part]) for part, count in enumerate(counts))
    return Splits(train, val, test)


def _draw(length: int, count: int, seed: list[int]) -> MarkedSequences:
    draw = np.random.RandomState(seed)  # NumPy keeps its draws the same for ever
    marked = np.empty((count, 2), dtype=np.int64)
    numbers = np.empty((count, length), dtype=np.float32)
    for at in range(count):
        marked[at] = draw.randint(length // 2), draw.randint(length // 2, length)
        numbers[at] = draw.random_sample(length)
    return MarkedSequences(torch.from_numpy(numbers), torch.from_numpy(marked))
