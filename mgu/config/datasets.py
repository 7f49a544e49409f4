"""Data sets: what must be known of each kind of data before it is read.

Where data lies is no part of a run's identity: data sets with official test data are known by their names, the user's
own files by the SHA-256 of their content.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from mgu.config.balance import BalanceConfig
from mgu.config.cases import CasesConfig
from mgu.config.fields import TEST_SHARE, ConfigModel, Count, Sha256
from mgu.config.folds import FoldsConfig
from mgu.config.gates import GatesConfig
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT
from mgu.config.images import ImagesConfig
from mgu.config.python import PythonDatasetConfig
from mgu.config.ratings import MovieLensConfig, RatingsConfig
from mgu.tasks.score import TaskName

MOST_NUMBERS = 2_000_000_000  # of the adding problem, held in memory


class ClassesConfig(BalanceConfig):
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
    sequence: Annotated[Count | None, UNLESS_DEFAULT] = Field(
        None,
        description="Steps that an image is read in: its pixels, or means of squares of them; null: it stays an image.",
    )
    permuted: Annotated[bool, UNLESS_DEFAULT] = Field(
        False, description="true: the steps of a sequence are in a random order, the same for all images and runs."
    )

    @property
    def label(self) -> str:
        """The name of the data in reports; images that are read as sequences are other data."""
        steps = f" {self.sequence} steps" if self.sequence else ""
        return f"{self.name}{steps}{' permuted' if self.permuted else ''}"

    @property
    def pooled(self) -> int:
        """Side of the squares of pixels that a step is the mean of; 1: a step is a pixel."""
        _, height, width = self.image_shape
        return math.isqrt(height * width // (self.sequence or height * width))

    @property
    def sequence_shape(self) -> list[int] | None:
        """Steps and their features; None: images are no sequences."""
        return [self.sequence, self.image_shape[0]] if self.sequence else None

    @model_validator(mode="after")
    def _check(self) -> NamedImagesConfig:
        _, height, width = self.image_shape
        sides = [side for side in range(1, min(height, width) + 1) if height % side == width % side == 0]
        possible = [height * width // side**2 for side in sides]
        if self.sequence and self.sequence not in possible:
            raise ValueError(
                f"sequence must be {', '.join(map(str, possible))} or null for images of {height}x{width}, of which "
                f"whole squares are pooled, but got {self.sequence}. Pass dataset.sequence={possible[0]}."
            )
        if self.permuted and not self.sequence:
            raise ValueError(
                "permuted must be false for images, which are no sequences, but got true. Pass "
                f"dataset.sequence={possible[0]}, too."
            )
        return self


class AddingConfig(ConfigModel):
    """Configures the adding problem (Hochreiter and Schmidhuber 1997); see mgu/data/adding/adding.py."""

    name: Literal["adding"] = Field(description="Kind of the data.")
    length: int = Field(ge=2, le=100_000, description="Steps of a sequence, T.")
    num_train: Count = Field(description="Number of training sequences.")
    num_val: Count = Field(description="Number of validation sequences.")
    num_test: Count = Field(description="Number of test sequences.")
    draw_seed: int = Field(ge=0, lt=2**32, description="Seed that the sequences are drawn with, whatever the run's.")
    split: Literal["holdout"] = Field(description="Validate on sequences of their own, and test once at the end.")

    @property
    def task(self) -> TaskName:
        """The sum is a number."""
        return "regression"

    @property
    def label(self) -> str:
        """The name of the data in reports."""
        return f"adding T={self.length}"

    @property
    def sequence_shape(self) -> list[int]:
        """Steps and their features: a number, and whether it is to be added."""
        return [self.length, 2]

    @model_validator(mode="after")
    def _check(self) -> AddingConfig:
        if (numbers := self.length * (self.num_train + self.num_val + self.num_test)) > MOST_NUMBERS:
            raise ValueError(
                f"length times the number of sequences must be at most {MOST_NUMBERS:,}, which take 8 GB of memory, "
                f"but is {numbers:,}. Pass fewer sequences."
            )
        return self


class AdultConfig(ClassesConfig):
    """Configures UCI Adult; see mgu/data/tables/adult.py."""

    name: Literal["adult"] = Field(description="Name of the data set.")


class TableConfig(BalanceConfig, FoldsConfig):
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
    drop: list[str] = Field(description="Names of columns to leave out, such as identifiers.")
    separator: str = Field(min_length=1, max_length=1, description="Character between the columns of a CSV file.")
    decimal: Annotated[Literal[".", ","], UNLESS_DEFAULT] = Field(
        default=".", description="Decimal mark of the numbers in a CSV file: a point or a comma."
    )
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
    dates: Annotated[list[str], UNLESS_DEFAULT] = Field(
        [], description="Names of columns of dates (2024-02-29, 2024-02-29 17:45) to learn from."
    )
    groups: Annotated[str | None, UNLESS_DEFAULT] = Field(
        None, min_length=1, description="Column that says which rows belong together and must not be split; no input."
    )
    time: Annotated[str | None, UNLESS_DEFAULT] = Field(
        None, min_length=1, description="Column of numbers or dates of which the last are the test data; no input."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out training data, and test once at the end.")
    sha256: Sha256 = Field(description="SHA-256 of the file, filled in when it is read.")

    @model_validator(mode="after")
    def _is_split_one_way(self) -> Self:
        if self.time and (self.folds or self.groups):
            other = f"dataset.folds={self.folds}" if self.folds else f"dataset.groups={self.groups}"
            raise ValueError(
                f"dataset.time must be without dataset.folds and dataset.groups, which split rows otherwise, but got "
                f"{other}. Leave one out."
            )
        return self

    @model_validator(mode="after")
    def _learns_from_dates(self) -> Self:
        if twice := [name for name in self.dates if self.dates.count(name) > 1]:
            raise ValueError(f"dataset.dates must name each column once, but names {twice[0]!r} twice. Leave one out.")
        others: dict[str, list[str | None]] = {
            "target": [self.target],
            "drop": [*self.drop],
            "groups": [self.groups],
            "time": [self.time],
        }
        for key, names in others.items():
            if both := [name for name in self.dates if name in names]:
                raise ValueError(
                    f"dataset.dates must name columns to learn from, but {both[0]!r} is also named by dataset.{key}, "
                    "so that it is no input. Name it in one of the two."
                )
        return self

    @property
    def label(self) -> str:
        """The name of the data in reports, with another test share than usual: such runs are ranked separately."""
        share = f" test {self.test_share:g}" if self.test_share != TEST_SHARE and not self.folds else ""
        by = f" by {self.groups}" if self.groups else ""
        by += f" by time {self.time}" if self.time else ""
        return f"{Path(self.path).stem}.{self.target}@{self.sha256[:4]}{self.folds_label or share}{by}"


AnyImages = NamedImagesConfig | CasesConfig | ImagesConfig  # of which the shape is that of an image for sure
# All others are images by name.
OF_THEIR_OWN = ("adding", "adult", "gates", "table", "cases", "images", "movielens", "ratings", "python")


def _kind_of_data(values: Any) -> str:
    name = values.get("name") if isinstance(values, Mapping) else values.name
    return f"[{name}]" if name in OF_THEIR_OWN else "[named images]"


AnyDataset = Annotated[
    Annotated[NamedImagesConfig, Tag("[named images]")]
    | Annotated[AddingConfig, Tag("[adding]")]
    | Annotated[AdultConfig, Tag("[adult]")]
    | Annotated[TableConfig, Tag("[table]")]
    | Annotated[CasesConfig, Tag("[cases]")]
    | Annotated[ImagesConfig, Tag("[images]")]
    | Annotated[MovieLensConfig, Tag("[movielens]")]
    | Annotated[RatingsConfig, Tag("[ratings]")]
    | Annotated[PythonDatasetConfig, Tag("[python]")]
    | Annotated[GatesConfig, Tag("[gates]")],
    Discriminator(_kind_of_data),
]
