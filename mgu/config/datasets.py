"""Data sets: what must be known of each kind of data before it is read.

Where data lies is no part of a run's identity: data sets with official test data are known by their names, the user's
own files by the SHA-256 of their content.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from mgu.config.cases import CasesConfig
from mgu.config.fields import TEST_SHARE, ConfigModel, Count, Sha256
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT
from mgu.config.images import ImagesConfig
from mgu.tasks.score import TaskName


class ClassesConfig(ConfigModel):
    """Configures a classification data set that is known by its name and has official test data."""

    name: str = Field(description="Name of the data set.")
    root: Annotated[str, NOT_IDENTITY] = Field(description="Folder of the data files; missing ones are downloaded.")
    split: Literal["paper", "holdout"] = Field(
        description="paper: validate on the test data; holdout: on a tenth of the training data, and test once."
    )

    @property
    def task(self) -> TaskName:
        """The task of every such data set."""
        return "classification"

    @property
    def label(self) -> str:
        """The name of the data set in reports."""
        return self.name


class NamedImagesConfig(ClassesConfig):
    """Configures a data set of labelled images; see mgu/data/splits.py for its splits."""

    image_shape: list[Count] = Field(
        min_length=3, max_length=3, description="Shape of an image: channels, height and width in pixels."
    )
    num_classes: int = Field(ge=2, description="Number of classes.")


class AdultConfig(ClassesConfig):
    """Configures UCI Adult; see mgu/data/tables/adult.py."""

    name: Literal["adult"] = Field(description="Name of the data set.")


class TableConfig(ConfigModel):
    """Configures a table of the user's; see mgu/data/tables/table.py."""

    name: Literal["table"] = Field(description="Kind of the data.")
    path: Annotated[str, NOT_IDENTITY] = Field(
        min_length=1, description="A CSV file, also compressed as .csv.gz, or a Parquet file; must be set."
    )
    target: str = Field(min_length=1, description="Name of the column to predict; must be set.")
    # "auto" is resolved when the file is read, before the configuration is checked: see mgu/data/tables/files.py.
    task: Literal["classification", "regression"] = Field(
        description="What to predict; auto: regression for a column of many different numbers, else classification."
    )
    drop: list[str] = Field(description="Names of columns to leave out, such as identifiers and dates.")
    separator: str = Field(min_length=1, max_length=1, description="Character between the columns of a CSV file.")
    max_categories: int = Field(
        ge=2, le=10_000, description="Largest number of categories of a column; the rarest are merged into one."
    )
    scale: Annotated[Literal["standard", "robust"], UNLESS_DEFAULT] = Field(
        "standard",
        description="standard: numbers by mean and standard deviation; robust: by median and quartiles, and bounded.",
    )
    missing_target: Annotated[Literal["refuse", "drop"], UNLESS_DEFAULT] = Field(
        "refuse", description="refuse: stop at a row without a target; drop: report such rows and leave them out."
    )
    test_share: float = Field(
        gt=0, lt=1, description="Share of the rows that are test data; a tenth of the others validates."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out training data, and test once at the end.")
    sha256: Sha256 = Field(description="SHA-256 of the file, filled in when it is read.")

    @property
    def label(self) -> str:
        """The name of the data in reports, with another test share than usual: such runs are ranked separately."""
        share = f" test {self.test_share:g}" if self.test_share != TEST_SHARE else ""
        return f"{Path(self.path).stem}.{self.target}@{self.sha256[:4]}{share}"


class MovieLensConfig(ConfigModel):
    """Configures MovieLens-100K; see mgu/data/ratings/movielens.py and mgu/data/ratings/splits.py."""

    name: Literal["movielens"] = Field(description="Name of the data set.")
    root: Annotated[str, NOT_IDENTITY] = Field(description="Folder that holds ml-100k/u.data, u.item and u.user.")
    download: Annotated[bool, NOT_IDENTITY] = Field(
        description="true: download missing files from GroupLens, whose terms the user has read."
    )
    task: Literal["ranking", "regression"] = Field(
        description="ranking: rank a user's next film, leave-one-out; regression: predict ratings, split in time."
    )
    embedding: int = Field(gt=0, le=10_000, description="Size of the embedding of a user and of a film.")
    num_sampled: int = Field(
        gt=0, le=10_000, description="Negative films that are sampled for each positive in training (ranking only)."
    )
    ties: Annotated[Literal["file", "number"], UNLESS_DEFAULT] = Field(
        default="file", description="Order of ratings of one second: as in the file, or by the number of the film."
    )
    join_films: Annotated[bool, UNLESS_DEFAULT] = Field(
        default=False, description="true: films of one title and date of release are one; a user's first rating counts."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out training data, and test once at the end.")
    sha256: Sha256 = Field(description="SHA-256 of the three files, filled in when they are read.")

    @property
    def label(self) -> str:
        """The name of the data and its task in reports, with another order or other films than usual."""
        more = f"{' ties by number' * (self.ties == 'number')}{' films joined' * self.join_films}"
        return f"movielens-{'ratings' if self.task == 'regression' else 'next'}@{self.sha256[:4]}{more}"


AnyImages = NamedImagesConfig | CasesConfig | ImagesConfig
KINDS = ("adult", "table", "cases", "images", "movielens")  # whatever is not named here is a set of images by name


def _kind_of_data(values: Any) -> str:
    name = values.get("name") if isinstance(values, Mapping) else values.name
    return f"[{name}]" if name in KINDS else "[named]"


AnyDataset = Annotated[
    Annotated[NamedImagesConfig, Tag("[named]")]
    | Annotated[AdultConfig, Tag("[adult]")]
    | Annotated[TableConfig, Tag("[table]")]
    | Annotated[CasesConfig, Tag("[cases]")]
    | Annotated[ImagesConfig, Tag("[images]")]
    | Annotated[MovieLensConfig, Tag("[movielens]")],
    Discriminator(_kind_of_data),
]
