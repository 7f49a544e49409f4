"""Films that stand under two numbers, and users without a single last film: joined or ordered if wanted, else counted.

Both matter for leave-one-out: who has rated both numbers of a film may have one in training and the other in the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from mgu.data.ratings.movielens import Interactions

Ties = Literal["file", "number"]
ORDERS = {"file": "their order in the file", "number": "the number of the film"}


def find_first_numbers(items: pd.DataFrame) -> pd.Series[int]:
    """Returns the lowest number of each film (I,): the same for films of one title and date of release."""
    same = items.groupby([items["title"].str.strip(), items["released"]])["item"].transform("min")
    return same.where(items["title"].str.strip() != "", items["item"])


def describe_doubles(items: pd.DataFrame, ratings: pd.DataFrame) -> str | None:
    """Says how many films stand under several numbers, and how often a user rated several of them."""
    first = find_first_numbers(items)
    films = int(first[first.duplicated()].nunique())
    if not films:
        return None
    joined = ratings["item"].map(dict(zip(items["item"], first, strict=True)))
    twice = int(joined.groupby([ratings["user"], joined]).size().gt(1).sum())
    return (
        f"{films} films of one title and date stand under several numbers; {twice} times a user rated several of them, "
        "so one film may be in training and in test; dataset.join_films=true joins them"
    )


def describe_ties(interactions: Interactions, ties: Ties) -> str | None:
    """Says how many users rated several films in their last second, and what decides between them."""
    last = interactions.times.new_zeros(len(interactions.user_features)).scatter_reduce(
        0, interactions.users, interactions.times, "amax", include_self=False
    )
    is_last = interactions.times == last[interactions.users]
    several = int((interactions.users[is_last].bincount() > 1).sum())
    if not several:
        return None
    other = " (dataset.ties=number: the number of the film)" if ties == "file" else ""
    users = len(interactions.users.unique())
    return f"{several} of {users} users rated several films in their last second; {ORDERS[ties]} decides{other}"
