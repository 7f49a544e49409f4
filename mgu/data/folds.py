"""Parts of data that are dealt out evenly: folds of a cross-validation, and groups that must not be split.

The same in every run and with every library: the order is drawn with a seed of its own, and the rest is counting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def assign_folds(num_folds: int, labels: Tensor, groups: Tensor | None = None) -> Tensor:
    """Assigns every example to one of equal folds, stratified by class, groups whole.

    Args:
        num_folds: Number of folds; at most that of the examples, or of the groups.
        labels: The class of each example (N,), by number; all the same for a regression.
        groups: The group of each example (N,), by number from 0; None: each example by itself.

    Returns:
        The fold of each example (N,), from 0; none is empty.
    """
    if groups is not None:
        return deal_groups([1 / num_folds] * num_folds, labels, groups)
    order = torch.randperm(len(labels), generator=_generator())
    order = order[labels[order].argsort(stable=True)]  # class by class, at random within each
    folds = torch.empty_like(order)
    folds[order] = torch.arange(len(order)) % num_folds  # as cards are dealt: sizes differ by one, of each class too
    return folds


def hold_out_tenth(labels: Tensor, groups: Tensor | None = None) -> Tensor:
    """Returns which examples (N,) are held out: about a tenth, stratified by class, groups whole, never none.

    Args:
        labels: The class of each example (N,), by number.
        groups: The group of each example (N,), by number from 0, of at least two; None: each example by itself.
    """
    if groups is not None:
        return deal_groups([0.9, 0.1], labels, groups) == 1
    return assign_folds(10, labels) == 0


def deal_groups(shares: Sequence[float], labels: Tensor, groups: Tensor) -> Tensor:
    """Deals groups out to parts, each to the part that lacks its classes most; the largest groups come first.

    Args:
        shares: The share of each part (P,) in the examples.
        labels: The class of each example (N,), by number.
        groups: The group of each example (N,), by number from 0, of at least as many as there are parts.

    Returns:
        The part of each example (N,), from 0; none is empty.
    """
    counts = torch.zeros(int(groups.max()) + 1, int(labels.max()) + 1, dtype=torch.long)
    counts = counts.index_put_((groups, labels), torch.tensor(1), accumulate=True)  # (G, K)
    order = torch.randperm(len(counts), generator=_generator())
    order = order[counts[order].sum(dim=1).argsort(stable=True, descending=True)]
    classes, wanted = counts.numpy(), np.array(shares)[:, None]  # (G, K), (P, 1)
    rarity = 1 / classes.sum(axis=0).clip(min=1)  # (K,): rare classes weigh as much as frequent ones
    dealt = np.zeros((len(shares), classes.shape[1]))  # (P, K)
    part_of = torch.zeros(len(counts), dtype=torch.long)
    for group in order.tolist():
        has = dealt / wanted  # (P, K), as many as if all parts were equally large
        overlap, total = has @ (classes[group] * rarity), has.sum(axis=1)  # (P,)
        part = int(np.lexsort((-wanted[:, 0], total, overlap.round(9)))[0])  # rounded: equal sums are equal
        dealt[part] += classes[group]
        part_of[group] = part
    return part_of[groups]


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
