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
    """What a run trains on, what it selects by, and what it looks at once at the end (None: nothing is kept back).

    notes: what the user should know of the data.
    """

    train: Data
    val: Data
    test: Data | None = None
    notes: tuple[str, ...] = ()

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


def split_classes(labels: Tensor, *shares: float) -> list[Tensor]:
    """Indices of what is left and of the parts held out, of classes `labels` (N,): at random, the same in every run.

    Each part takes its share of what the parts before it left, of every class by itself, and one at least.
    """
    generator = torch.Generator().manual_seed(0)
    parts: list[list[Tensor]] = [[] for _ in range(1 + len(shares))]
    for label in labels.unique():
        left = (labels == label).nonzero().flatten()
        left = left[torch.randperm(len(left), generator=generator)]
        for number, share in enumerate(shares, start=1):
            num_later = len(shares) - number + 1  # the parts that want one, too
            num_held_out = min(max(round(share * len(left)), 1), len(left) - num_later)
            parts[number].append(left[:num_held_out])
            left = left[num_held_out:]
        parts[0].append(left)
    return [torch.cat(part).sort().values for part in parts]


def hold_out(num_examples: int, num_held_out: int) -> tuple[Tensor, Tensor]:
    """Indices of the rest and of those held out: at random, but the same in every run."""
    order = torch.randperm(num_examples, generator=torch.Generator().manual_seed(0))
    return order[num_held_out:], order[:num_held_out]
