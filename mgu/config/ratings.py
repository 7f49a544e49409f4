"""Ratings of users and items: MovieLens-100K, and a file of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mgu.config.fields import ConfigModel, Sha256
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT


class RecommenderDataConfig(ConfigModel):
    """Configures what every kind of ratings has: the task, and what is learned of users and items."""

    task: Literal["ranking", "regression"] = Field(
        description="ranking: rank a user's next item, leave-one-out; regression: predict ratings, split in time."
    )
    embedding: int = Field(gt=0, le=10_000, description="Size of the embedding of a user and of an item.")
    num_sampled: int = Field(
        gt=0, le=10_000, description="Negative items that are sampled for each positive in training (ranking only)."
    )
    ties: Annotated[Literal["file", "number"], UNLESS_DEFAULT] = Field(
        default="file", description="Order of ratings of one time: as in the file, or by the number of the item."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out training data, and test once at the end.")

    sha256: Sha256 = Field(description="SHA-256 of the data's files, filled in when they are read.")

    def _label(self, stem: str) -> str:
        """Returns the name of the data and of what is predicted, with another order than usual."""
        what = "ratings" if self.task == "regression" else "next"
        order = " ties by number" if self.ties == "number" else ""
        return f"{stem}-{what}@{self.sha256[:4]}{order}"


class MovieLensConfig(RecommenderDataConfig):
    """Configures MovieLens-100K; see mgu/data/ratings/movielens.py and mgu/data/ratings/splits.py."""

    name: Literal["movielens"] = Field(description="Name of the data set.")
    root: Annotated[str, NOT_IDENTITY] = Field(description="Folder that holds ml-100k/u.data, u.item and u.user.")
    download: Annotated[bool, NOT_IDENTITY] = Field(
        description="true: download missing files from GroupLens, whose terms the user has read."
    )
    join_films: Annotated[bool, UNLESS_DEFAULT] = Field(
        default=False, description="true: films of one title and date of release are one; a user's first rating counts."
    )

    @property
    def label(self) -> str:
        """The name of the data and its task in reports, with another order or other films than usual."""
        return self._label("movielens") + (" films joined" if self.join_films else "")


class RatingColumnsConfig(ConfigModel):
    """Names the columns of a file of ratings; null: found by their usual names, see mgu/data/ratings/own.py."""

    user: str | None = Field(description="Column of the user; null: one of a usual name.")
    item: str | None = Field(description="Column of the item; null: one of a usual name.")
    rating: str | None = Field(description="Column of the rating; null: one of a usual name, or none for ranking.")
    time: str | None = Field(description="Column of the time; null: one of a usual name.")


class RatingsConfig(RecommenderDataConfig):
    """Configures ratings of the user's own; see mgu/data/ratings/own.py and mgu/data/ratings/splits.py."""

    name: Literal["ratings"] = Field(description="Kind of the data.")
    path: Annotated[str, NOT_IDENTITY] = Field(
        min_length=1, description="A CSV file, also compressed as .csv.gz, or a Parquet file; must be set."
    )
    separator: str = Field(min_length=1, max_length=1, description="Character between the columns of a CSV file.")
    decimal: Annotated[Literal[".", ","], UNLESS_DEFAULT] = Field(
        default=".", description="Decimal mark of the numbers in a CSV file: a point or a comma."
    )
    columns: RatingColumnsConfig = Field(description="Names of the columns.")

    @property
    def label(self) -> str:
        """The name of the data and its task in reports, with another order than usual."""
        return self._label(Path(self.path).stem)


AnyRatings = MovieLensConfig | RatingsConfig
