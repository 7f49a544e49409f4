"""MovieLens-100K (Harper and Konstan 2015) in its own file format: ratings with times, users and films with features.

ml-100k/u.data  user, item, rating, time in seconds, between tabs
ml-100k/u.item  item, title, date of release, date on video, address, 19 genres as 0 or 1, between bars, in Latin-1
ml-100k/u.user  user, age, gender, occupation, postal code, between bars
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import urlopen

import numpy as np
import torch
from torch import Tensor

from mgu.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

MIN_RATINGS = 20
FILES = ("u.data", "u.item", "u.user")
URL = "https://files.grouplens.org/datasets/movielens/ml-100k.zip"
MD5 = "0e33842e24a9c977be4e0107933c0723"  # as GroupLens publishes it beside the file
TERMS = (
    "GroupLens lets MovieLens-100K be used for research, with acknowledgement; it may be neither redistributed nor "
    "used commercially without permission (grouplens.org/datasets/movielens/100k)."
)


class Interactions(NamedTuple):
    """All ratings in order of time (N,), users and items as numbers from 0; `user_features` (U, F), `item_features`
    (I, G): numbers standardised over users or items, categories as 0 or 1."""

    users: Tensor
    items: Tensor
    ratings: Tensor
    times: Tensor
    user_features: Tensor
    item_features: Tensor

    def at(self, index: Tensor) -> Interactions:
        """Those ratings only, in that order."""
        return self._replace(
            users=self.users[index], items=self.items[index], ratings=self.ratings[index], times=self.times[index]
        )

    @property
    def pairs(self) -> Tensor:
        """User and item (N, 2)."""
        return torch.stack([self.users, self.items], dim=1)


def load_movielens(root: Path, download: bool) -> Interactions:
    """From `root`/ml-100k; `download` fetches what is not there, and says that the user has read the terms.

    Raises UserError where the files are neither there nor to be had, or not in the format.
    """
    folder = root / "ml-100k"
    if not all((folder / name).is_file() for name in FILES):
        if not download:
            raise UserError(
                f"dataset movielens must be in {folder}, but {', '.join(FILES)} are not there. {TERMS} Pass "
                "dataset.download=true if that is fine with you, or dataset.root=... where you have it."
            )
        _download(folder)
    try:
        return _read(folder)
    except (ValueError, KeyError, IndexError, OSError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"dataset movielens must be in the format of ml-100k, but the files in {folder} are not ({reason}). "
            "Remove them and pass dataset.download=true."
        ) from None


def _download(folder: Path) -> None:
    log.info("downloading %s; %s", URL, TERMS)
    try:
        with urlopen(URL, timeout=60) as response:
            content = response.read()
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != MD5:
            raise OSError("its checksum is not the published one")
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in FILES:
                (folder / name).write_bytes(archive.read(f"ml-100k/{name}"))
    except OSError as error:  # urllib's errors are OSErrors
        raise UserError(
            f"dataset movielens must be in {folder}, but is not there, and its download failed ({error}). "
            f"Unpack {URL} into {folder.parent}, or pass dataset.root=... or set MGU_DATA."
        ) from None


def _read(folder: Path) -> Interactions:
    import pandas as pd

    ratings = pd.read_csv(folder / "u.data", sep="\t", names=["user", "item", "rating", "time"], index_col=False)
    users = pd.read_csv(folder / "u.user", sep="|", header=None, index_col=0, encoding="latin-1")
    items = pd.read_csv(folder / "u.item", sep="|", header=None, index_col=0, encoding="latin-1")
    # A film that is rated twice would stand on both sides of a split.
    ratings = ratings.sort_values("time", kind="stable").drop_duplicates(["user", "item"])
    if ratings["user"].value_counts().max() < 3 or len(ratings) < MIN_RATINGS:
        raise ValueError(f"too few to be split: {len(ratings)} ratings")
    for name, known in (("user", users), ("item", items)):
        if strange := sorted(set(ratings[name]) - set(known.index)):
            raise ValueError(f"{name} {strange[0]} of u.data is not in u.{name}")
    return Interactions(
        torch.from_numpy(users.index.get_indexer(pd.Index(ratings["user"]))),
        torch.from_numpy(items.index.get_indexer(pd.Index(ratings["item"]))),
        torch.tensor(ratings["rating"].to_numpy(dtype=np.float32)),
        torch.tensor(ratings["time"].to_numpy(dtype=np.int64)),
        _features(users[1], users[[2, 3]]),
        _features(pd.to_datetime(items[2], format="%d-%b-%Y", errors="coerce").dt.year, items.loc[:, 5:]),
    )


def _features(number: pd.Series[Any], categories: pd.DataFrame) -> Tensor:
    """The number standardised, a missing one at the mean; names as one-hot, what is 0 or 1 as it is."""
    import pandas as pd

    known = number.astype("float64")
    standardised = ((known - known.mean()) / (known.std(ddof=0) or 1.0)).fillna(0.0)
    flags = pd.get_dummies(categories)
    return torch.tensor(np.column_stack([standardised, flags.to_numpy(dtype=float)]), dtype=torch.float32)
