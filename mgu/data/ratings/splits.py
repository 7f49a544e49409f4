"""MovieLens split by time, for two tasks: what a user will rate a film, and which film a user will take next."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.data.ratings.candidates import Candidates
from mgu.data.ratings.movielens import Interactions
from mgu.data.splits import Splits
from mgu.data.tables.rows import Rows

VAL, TEST = 0.1, 0.1  # shares of all ratings


class Ratings(NamedTuple):
    """`trained` says which users (U,) and items (I,) training rows have; ratings are (r - mean) / std."""

    splits: Splits
    user_features: Tensor
    item_features: Tensor
    trained: tuple[Tensor, Tensor]
    mean: float
    std: float


def split_ratings(everything: Interactions) -> Ratings:
    """One cut in time for all users: the last tenth is tested, the tenth before validates, so nothing of the future is
    learned from. Many of those users are new then: only their features tell of them.
    """
    count = len(everything.ratings)
    order = everything.times.argsort(stable=True)
    num_val, num_test = int(VAL * count), int(TEST * count)
    train = everything.at(order[: count - num_val - num_test])
    mean, std = train.ratings.mean().item(), train.ratings.std(correction=0).item() or 1.0

    def rows(index: Tensor) -> Rows:
        part = everything.at(index)
        return Rows(part.pairs, (part.ratings - mean) / std)

    first, second, third = order.split([count - num_val - num_test, num_val, num_test])
    return _describe(everything, train, Splits(rows(first), rows(second), rows(third)), mean, std)


def split_next_item(everything: Interactions, num_sampled: int) -> Ratings:
    """Leave one out: of every user with three interactions or more the last is tested, the one before validates.

    Any rating counts as an interaction (He et al. 2017). Within a user nothing of the future is learned from; of other
    users later interactions may be, which is how this protocol is run in the literature. Validation and test rank all
    items that the user had not taken before; training compares with `num_sampled` of them.
    """
    by_user = everything.at(torch.argsort(everything.times, stable=True))
    by_user = by_user.at(torch.argsort(by_user.users, stable=True))  # each user's in order of time
    counts = by_user.users.bincount(minlength=len(everything.user_features))
    last = counts.cumsum(dim=0)[counts >= 3] - 1
    is_kept = torch.ones(len(by_user.users), dtype=torch.bool)
    is_kept[last] = is_kept[last - 1] = False
    train, val, test = (by_user.at(index) for index in (is_kept.nonzero().flatten(), last - 1, last))
    seen = torch.zeros(len(everything.user_features), len(everything.item_features), dtype=torch.bool)
    seen[train.users, train.items] = True
    seen_then = seen.clone()
    seen_then[val.users, val.items] = True
    splits = Splits(
        Candidates(train.pairs, seen, num_sampled), Candidates(val.pairs, seen), Candidates(test.pairs, seen_then)
    )
    return _describe(everything, train, splits)


def _describe(
    everything: Interactions, train: Interactions, splits: Splits, mean: float = 0.0, std: float = 1.0
) -> Ratings:
    num_users, num_items = len(everything.user_features), len(everything.item_features)
    trained = (train.users.bincount(minlength=num_users) > 0, train.items.bincount(minlength=num_items) > 0)
    return Ratings(splits, everything.user_features, everything.item_features, trained, mean, std)
