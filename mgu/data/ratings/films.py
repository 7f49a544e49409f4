"""Films that stand under two numbers, and users without a single last film: joined or ordered if wanted, else counted.

Both matter for leave-one-out: who has rated both numbers of a film may have one in training and the other in the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

Ties = Literal["file", "number"]
ORDERS = {"file": "their order in the file", "number": "the number of the {item}"}


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


def describe_ties(users: Tensor, times: Tensor, ties: Ties, item: str = "film", unit: str = "second") -> str | None:
    """Says how many users rated several items in their last second, and what decides between them.

    Args:
        users: User of each rating (N,), from 0.
        times: In seconds (N,).
        ties: What decides.
        item: What an item is called.
        unit: What a time is called.
    """
    last = times.new_zeros(int(users.max()) + 1).scatter_reduce(0, users, times, "amax", include_self=False)
    several = int((users[times == last[users]].bincount() > 1).sum())
    if not several:
        return None
    other = f" (dataset.ties=number: the number of the {item})" if ties == "file" else ""
    decides = ORDERS[ties].format(item=item)
    all_users = len(users.unique())
    return f"{several} of {all_users} users rated several {item}s in their last {unit}; {decides} decides{other}"
