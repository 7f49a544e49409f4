"""MovieLens split by time, for two tasks: the rating that a user gives a film, and the film that a user takes next."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mgu.data.ratings.candidates import Candidates
from mgu.data.ratings.movielens import Interactions
from mgu.data.splits import Splits
from mgu.data.tables.rows import Rows
from mgu.text.agree import agree

VAL, TEST = 0.1, 0.1  # shares of all ratings


class Known(NamedTuple):
    """Holds what a model of users and items is built from.

    Attributes:
        user_features: (U, F).
        item_features: (I, G).
        trained: Which users (U,) and items (I,) occur in the training examples.
    """

    user_features: Tensor
    item_features: Tensor
    trained: tuple[Tensor, Tensor]


class Ratings(NamedTuple):
    """Holds the splits, and what models are built from.

    Attributes:
        splits: Training, validation and test examples.
        user_features: (U, F).
        item_features: (I, G).
        trained: Which users (U,) and items (I,) occur in the training examples.
        mean: Targets are (rating - mean) / std.
        std: Standard deviation of the training ratings.
        interactions: All ratings, with the names of users and items.
    """

    splits: Splits
    user_features: Tensor
    item_features: Tensor
    trained: tuple[Tensor, Tensor]
    mean: float
    std: float
    interactions: Interactions | None = None


def split_ratings(everything: Interactions) -> Ratings:
    """Splits at one time for all users: the last tenth is for testing, the tenth before for validation.

    So nothing is learned from the future. Many users of the later parts are new: only their features are known.
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
    return _with_features(everything, train, Splits(rows(first), rows(second), rows(third)), mean, std)


def split_next_item(everything: Interactions, num_sampled: int) -> Ratings:
    """Leaves one out: of users with at least three interactions the last is for testing, the one before for validation.

    Any rating counts as an interaction (He et al. 2017, https://doi.org/10.1145/3038912.3052569). Nothing is learned
    from a user's own future; later interactions of other users may be, as is usual for this protocol. Validation and
    test rank all items that the user had not taken before; training compares with `num_sampled` of them.
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
    return _with_features(everything, train, splits)


def describe_unknown(ratings: Ratings) -> str:
    """Says how many ratings of the later splits are of a user or an item that training has not.

    Args:
        ratings: What `split_ratings` returned.

    Returns:
        One line.
    """
    users, items = ratings.trained
    shares = {}
    for name in ("val", "test"):
        rows: Rows = getattr(ratings.splits, name)
        pairs = rows.inputs
        shares[name] = 1 - (users[pairs[:, 0]] & items[pairs[:, 1]]).float().mean().item()
    return (
        f"{shares['val']:.0%} of the validation and {shares['test']:.0%} of the test ratings are of a user or an item "
        "of which no training rating is: nothing is learned of it"
    )


def describe_unscored(splits: Splits) -> str:
    """Says how many users have too few interactions for the last ones to be left out.

    Args:
        splits: What `split_next_item` returned.

    Returns:
        One line; empty where every user is scored.
    """
    train: Candidates = splits.train  # type: ignore[assignment]  # of `split_next_item`
    num_users, scored = len(train.pairs[:, 0].unique()), len(splits.val)
    if scored == num_users:
        return ""
    return (
        f"{num_users - scored} of {num_users} users {agree(num_users - scored, 'has', 'have')} fewer than three "
        f"interactions, which are all trained on: scores are those of the other {scored}"
    )


def _with_features(
    everything: Interactions, train: Interactions, splits: Splits, mean: float = 0.0, std: float = 1.0
) -> Ratings:
    """Adds the features, and which users and items occur in training."""
    num_users, num_items = len(everything.user_features), len(everything.item_features)
    trained = (train.users.bincount(minlength=num_users) > 0, train.items.bincount(minlength=num_items) > 0)
    return Ratings(splits, everything.user_features, everything.item_features, trained, mean, std)
