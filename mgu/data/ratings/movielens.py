"""MovieLens-100K (Harper and Konstan 2015) in its own file format: ratings with times, users and films with features.

ml-100k/u.data  user, item, rating, time in seconds, between tabs
ml-100k/u.item  item, title, date of release, date on video, address, 19 genres as 0 or 1, between bars, in Latin-1
ml-100k/u.user  user, age, gender, occupation, postal code, between bars
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from mgu.data.ratings.files import digest, find
from mgu.data.ratings.films import Ties, describe_doubles, find_first_numbers
from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

MIN_RATINGS = 20
LOWEST, HIGHEST = 0.5, 5  # of a rating, in stars
GENRES = [f"genre_{number}" for number in range(19)]
COLUMNS = {
    "u.data": ["user", "item", "rating", "time"],
    "u.user": ["user", "age", "gender", "occupation", "code"],
    "u.item": ["item", "title", "released", "on_video", "address", *GENRES],
}
SEPARATORS = {"u.data": "\t", "u.user": "|", "u.item": "|"}


class Interactions(NamedTuple):
    """Holds all ratings in order of time, and the features of users and items.

    Attributes:
        users: User of each rating (N,), from 0.
        items: Item of each rating (N,), from 0.
        ratings: In stars (N,).
        times: In seconds (N,).
        user_features: (U, F), numbers standardised over users, categories as 0 or 1.
        item_features: (I, G), likewise.
        notes: What the user should know of them.
        user_names: Name of each user (U,).
        item_names: Name of each item (I,).
        aliases: Other names of items, and the name that they stand for.
    """

    users: Tensor
    items: Tensor
    ratings: Tensor
    times: Tensor
    user_features: Tensor
    item_features: Tensor
    notes: tuple[str, ...] = ()
    user_names: Sequence[Any] = ()
    item_names: Sequence[Any] = ()
    aliases: Mapping[str, str] = {}

    def at(self, index: Tensor) -> Interactions:
        """Returns the ratings at `index`, in that order."""
        return self._replace(
            users=self.users[index], items=self.items[index], ratings=self.ratings[index], times=self.times[index]
        )

    @property
    def pairs(self) -> Tensor:
        """User and item of each rating (N, 2)."""
        return torch.stack([self.users, self.items], dim=1)


def load_movielens(
    root: Path, download: bool, sha256: str | None = None, ties: Ties = "file", join_films: bool = False
) -> Interactions:
    """Reads the files in `root`/ml-100k, see `find` for their download.

    Args:
        root: Folder of all data sets.
        download: Whether missing files may be downloaded.
        sha256: The checksum that the files must have; None where any will do.
        ties: Order of ratings of one second: as in the file, or by the number of the film.
        join_films: Whether films of one title and date of release are one; of a user's ratings of it the first counts.

    Returns:
        The ratings and features.

    Raises:
        UserError: The files cannot be had, have changed since the run was set up, or are not in the format.
    """
    folder = find(root, download)
    if sha256 and digest(folder) != sha256:
        raise UserError(
            f"dataset movielens must be the files that the run began with, but those in {folder} have changed. "
            "Start anew."
        )
    try:
        return _read(folder, ties, join_films)
    except (ValueError, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"dataset movielens must be in the format of ml-100k, but the files in {folder} are not ({reason}). "
            "Remove them and pass dataset.download=true."
        ) from None


def _read(folder: Path, ties: Ties, join_films: bool) -> Interactions:
    """Reads and checks the three files. Raises ValueError or OSError."""
    import pandas as pd

    ratings, users, items = (_table(folder / name) for name in ("u.data", "u.user", "u.item"))
    _make_numbers(ratings, "u.data", ["user", "item", "time"], whole=True)
    _make_numbers(ratings, "u.data", ["rating"], low=LOWEST, high=HIGHEST)
    _make_numbers(users, "u.user", ["user"], whole=True)
    _make_numbers(users, "u.user", ["age"], low=0, high=150)
    _make_numbers(items, "u.item", ["item"], whole=True)
    _make_numbers(items, "u.item", GENRES, whole=True, low=0, high=1)
    note = None if join_films else describe_doubles(items, ratings)
    aliases: dict[str, str] = {}
    if join_films:
        first = find_first_numbers(items)
        aliases = {str(item): str(lowest) for item, lowest in zip(items["item"], first, strict=True) if item != lowest}
        ratings["item"] = ratings["item"].replace(dict(zip(items["item"], first, strict=True)))
        items = items[items["item"] == first].reset_index(drop=True)
    # A film that is rated twice would stand on both sides of a split.
    order = ["time", "item"] if ties == "number" else ["time"]
    ratings = ratings.sort_values(order, kind="stable").drop_duplicates(["user", "item"])
    if len(ratings) < MIN_RATINGS or ratings["user"].value_counts().max() < 3:
        raise ValueError(f"too few to be split: {len(ratings)} ratings")
    numbers = {}
    for name, known in (("user", users), ("item", items)):
        if known[name].duplicated().any():
            raise ValueError(f"{name} {known[name][known[name].duplicated()].iloc[0]} is in u.{name} twice")
        if strange := sorted(set(ratings[name]) - set(known[name])):
            raise ValueError(f"{name} {strange[0]} of u.data is not in u.{name}")
        numbers[name] = torch.from_numpy(pd.Index(known[name]).get_indexer(pd.Index(ratings[name])))
    years = pd.to_datetime(items["released"], format="%d-%b-%Y", errors="coerce").dt.year
    return Interactions(
        numbers["user"],
        numbers["item"],
        torch.tensor(ratings["rating"].to_numpy(dtype=np.float32)),
        torch.tensor(ratings["time"].to_numpy(dtype=np.int64)),
        _features(users["age"], users[["gender", "occupation"]]),
        _features(years, items[GENRES]),
        (note,) if note else (),
        users["user"].tolist(),
        items["item"].tolist(),
        aliases,
    )


def _table(path: Path) -> pd.DataFrame:
    """Returns all fields as text. A CSV reader would misread quotes in titles, and accept a row that is cut short."""
    import pandas as pd

    columns, separator = COLUMNS[path.name], SEPARATORS[path.name]
    lines = path.read_text(encoding="latin-1").rstrip("\n").split("\n")
    rows = [line.removesuffix("\r").split(separator) for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            raise ValueError(f"line {number} of {path.name} has {len(row)} fields and not {len(columns)}")
    return pd.DataFrame(rows, columns=columns)


def _make_numbers(
    table: pd.DataFrame,
    file: str,
    columns: Sequence[str],
    whole: bool = False,
    low: float = -(2.0**53),
    high: float = 2.0**53,
) -> None:
    """Converts columns in place; raises ValueError for a field that is no number between `low` and `high`."""
    import pandas as pd

    for column in columns:
        numbers = pd.to_numeric(table[column], errors="coerce").astype("float64")
        fits = numbers.between(low, high) & ((numbers % 1 == 0) | (not whole))  # a missing value is between no bounds
        if not fits.all():
            line = int((~fits).to_numpy().argmax())
            what = "whole number" if whole else "number"
            bounds = f" from {low:g} to {high:g}" if high < 2**53 else ""
            raise ValueError(f"{column} in line {line + 1} of {file} is no {what}{bounds}: {table[column][line]!r}")
        table[column] = numbers.astype("int64") if whole else numbers


def _features(number: pd.Series[Any], categories: pd.DataFrame) -> Tensor:
    """Returns the standardised number, 0 where it is missing, beside one-hot categories and flags as they are."""
    import pandas as pd

    known = number.astype("float64")
    standardised = ((known - known.mean()) / (known.std(ddof=0) or 1.0)).fillna(0.0)
    flags = pd.get_dummies(categories)
    return torch.tensor(np.column_stack([standardised, flags.to_numpy(dtype=float)]), dtype=torch.float32)
