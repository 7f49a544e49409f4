"""What the training loop asks of data, and how a data set is split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Tensor


class Data(Protocol):
    """Examples resident in memory, shuffled by index: images, rows of a table, ratings."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        ...

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Inputs as the model takes them and targets as the task does, of the examples at `index`; B comes first."""
        ...

    def to(self, device: torch.device) -> Self:
        """The same on `device`."""
        ...

    def subset(self, index: Tensor) -> Self:
        """The examples at `index`, in that order."""
        ...


@dataclass(frozen=True)
class Splits:
    """What a run trains on, what it selects by, and what it looks at once at the end (None: nothing is kept back)."""

    train: Data
    val: Data
    test: Data | None = None

    def to(self, device: torch.device) -> Splits:
        return replace(
            self, train=self.train.to(device), val=self.val.to(device), test=self.test and self.test.to(device)
        )


def split_paper(train: Data, test: Data) -> Splits:
    """As the paper's tables appear to do: the official test examples are the validation data."""
    return Splits(train, test)


def split_holdout(train: Data, test: Data) -> Splits:
    """A tenth of the training examples, the same in every run, is validation data; the test ones stay untouched."""
    train_index, val_index = hold_out(len(train), len(train) // 10)
    return Splits(train.subset(train_index), train.subset(val_index), test)


def hold_out(num_examples: int, num_held_out: int) -> tuple[Tensor, Tensor]:
    """Indices of the rest and of those held out: at random, but the same in every run."""
    order = torch.randperm(num_examples, generator=torch.Generator().manual_seed(0))
    return order[num_held_out:], order[:num_held_out]
