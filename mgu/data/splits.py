"""The protocol of data in memory, and how examples are split into training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Tensor


class Data(Protocol):
    """Holds examples in memory and gives batches of them by index: images, rows of a table, ratings."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device:
        """The device whose memory the examples are in."""
        ...

    def batch(self, index: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Returns inputs for the model and targets for the task, of the examples at `index`; B comes first."""
        ...

    def to(self, device: torch.device) -> Self:
        """Returns the same examples on `device`."""
        ...

    def subset(self, index: Tensor) -> Self:
        """Returns the examples at `index`, in that order."""
        ...


class Labelled(Data, Protocol):
    """Holds examples of classes."""

    @property
    def labels(self) -> Tensor:
        """The class of each example (N,), by number."""
        ...


@dataclass(frozen=True)
class Splits:
    """Holds the examples of a run by their use.

    Attributes:
        train: The run trains on them.
        val: They select the best epoch, and models.
        test: They are evaluated once, at the end; None where nothing is held out.
        notes: What the user should know about the data.
        train_as_is: The training examples with the targets that they have, for the final evaluation; None where the run
            trains on these.
    """

    train: Data
    val: Data
    test: Data | None = None
    notes: tuple[str, ...] = ()
    train_as_is: Data | None = None

    def to(self, device: torch.device) -> Splits:
        """Returns the same splits on `device`."""
        return replace(
            self,
            train=self.train.to(device),
            val=self.val.to(device),
            test=self.test and self.test.to(device),
            train_as_is=self.train_as_is and self.train_as_is.to(device),
        )


def split_paper(train: Data, test: Data) -> Splits:
    """Takes the official test examples for validation, as the paper's tables appear to do."""
    return Splits(train, test)


def split_holdout(train: Data, test: Data) -> Splits:
    """Takes a tenth of the training examples, the same in every run, for validation; the test examples stay unused.

    Args:
        train: The official training examples.
        test: The official test examples.

    Returns:
        The other nine tenths, this tenth and the test examples.
    """
    train_index, val_index = hold_out(len(train), len(train) // 10)
    return Splits(train.subset(train_index), train.subset(val_index), test)


def split_classes(labels: Tensor, *shares: float) -> list[Tensor]:
    """Splits examples at random, stratified by class, the same in every run.

    Args:
        labels: The class of each example (N,).
        shares: The share of each part, in 0..1, of what the parts before it left.

    Returns:
        The indices of the rest, and of each part, which has at least one example of every class.
    """
    generator = torch.Generator().manual_seed(0)
    parts: list[list[Tensor]] = [[] for _ in range(1 + len(shares))]
    for label in labels.unique():
        left = (labels == label).nonzero().flatten()
        left = left[torch.randperm(len(left), generator=generator)]
        for number, share in enumerate(shares, start=1):
            num_later = len(shares) - number + 1  # later parts, which need one each
            num_held_out = min(max(round(share * len(left)), 1), len(left) - num_later)
            parts[number].append(left[:num_held_out])
            left = left[num_held_out:]
        parts[0].append(left)
    return [torch.cat(part).sort().values for part in parts]


def hold_out(num_examples: int, num_held_out: int) -> tuple[Tensor, Tensor]:
    """Returns the indices of the rest and of those held out: at random, but the same in every run."""
    order = torch.randperm(num_examples, generator=torch.Generator().manual_seed(0))
    return order[num_held_out:], order[:num_held_out]
