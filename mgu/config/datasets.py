"""Data sets: what must be known of each kind of data before it is read.

Where data lies is no part of a run's identity: data sets with official test data are known by their names, the user's
own files by the SHA-256 of their content.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from mgu.config.balance import BalanceConfig
from mgu.config.fields import Count, NonNegative, Positive, Sha256
from mgu.config.folds import FoldsConfig
from mgu.config.identity import NOT_IDENTITY, UNLESS_DEFAULT
from mgu.config.python import PythonDatasetConfig
from mgu.config.ratings import MovieLensConfig, RatingsConfig
from mgu.tasks.score import TaskName

TEST_SHARE, VAL_SHARE = 0.2, 0.1  # the shares in conf/dataset/table.yaml and cases.yaml, which a label leaves out


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
    groups: Annotated[str | None, UNLESS_DEFAULT] = Field(
        None, min_length=1, description="Column that says which rows belong together and must not be split; no input."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out training data, and test once at the end.")
    sha256: Sha256 = Field(description="SHA-256 of the file, filled in when it is read.")

    @property
    def label(self) -> str:
        """The name of the data in reports, with another test share than usual: such runs are ranked separately."""
        share = f" test {self.test_share:g}" if self.test_share != TEST_SHARE and not self.folds else ""
        groups = f" by {self.groups}" if self.groups else ""
        return f"{Path(self.path).stem}.{self.target}@{self.sha256[:4]}{self.folds_label or share}{groups}"

    @model_validator(mode="after")
    def _has_classes_to_balance(self) -> Self:
        if self.task == "regression" and self.is_balanced:
            key = "sampling" if self.sampling == "balanced" else "class_weights"
            raise ValueError(
                f"dataset.{key}=balanced must go with classes, but the task is regression. Leave dataset.{key} out, or "
                "pass dataset.task=classification."
            )
        return self


class CasesConfig(BalanceConfig):
    """Configures images of cases, such as patients; see mgu/data/cases/cases.py.

    `sha256` is that of the chosen images, so how they are chosen is no part of a run's identity.
    """

    name: Literal["cases"] = Field(description="Kind of the data.")
    path: Annotated[str, NOT_IDENTITY] = Field(
        min_length=1,
        description="A folder of CLASS/CASE/IMAGE, or a CSV file of case, image, label and stage; must be set.",
    )
    stages: Annotated[list[str] | None, NOT_IDENTITY] = Field(
        description="Stages of which images are kept; null: all images."
    )
    stage_pattern: Annotated[str, NOT_IDENTITY] = Field(
        min_length=1, description="Regular expression that finds the stage in the name of a file without a CSV."
    )
    image_shape: list[Count] = Field(
        min_length=3,
        max_length=3,
        description="Shape of a decoded image: channels (3: colour, 1: grey), height and width in pixels.",
    )
    fit: Literal["crop", "stretch", "pad"] = Field(
        description="crop: cut out the centre; pad: add black; stretch: change the aspect ratio."
    )
    broken: Annotated[Literal["refuse", "skip"], NOT_IDENTITY] = Field(
        description="refuse: stop at an image that is unreadable or a duplicate; skip: report it and leave it out."
    )
    class_weights: Literal["none", "balanced"] = Field(
        description="balanced: weight the loss so that all classes count alike, by the number of training images."
    )
    test_share: float = Field(
        gt=0, lt=1, description="Share of the cases of every class that are test data, at least one case."
    )
    val_share: float = Field(
        gt=0, lt=1, description="Share of the other cases of every class that are validation data, at least one case."
    )
    memory_gib: Annotated[NonNegative, NOT_IDENTITY] = Field(
        description="Decoded images up to this size in GiB are read into memory; more are memory-mapped."
    )
    cache_gib: Annotated[Positive, NOT_IDENTITY] = Field(
        description="Largest size in GiB of the cache of decoded images; the least recently used are deleted."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out cases, and test once at the end.")
    classes: list[str] = Field(
        min_length=2, description="Names of the classes in the order of the outputs, filled in when the data is found."
    )
    sha256: Sha256 = Field(description="SHA-256 of the chosen images, filled in when they are found.")

    @property
    def task(self) -> TaskName:
        """The task of every such data set."""
        return "classification"

    @property
    def num_classes(self) -> int:
        """The number of classes found."""
        return len(self.classes)

    @property
    def label(self) -> str:
        """The name of the data in reports, with other shares than usual: such runs are ranked separately."""
        test = f" test {self.test_share:g}" if self.test_share != TEST_SHARE else ""
        val = f" val {self.val_share:g}" if self.val_share != VAL_SHARE else ""
        return f"{Path(self.path).stem}@{self.sha256[:4]}{test}{val}"

    @field_validator("image_shape")
    @classmethod
    def _is_colour_or_grey(cls, shape: list[int]) -> list[int]:
        if shape[0] not in (1, 3):
            raise ValueError(f"channels must be 3 (colours) or 1 (grey), but got {shape[0]}. Pass one of them.")
        return shape


AnyImages = NamedImagesConfig | CasesConfig  # of which the shape is that of an image for sure


OF_THEIR_OWN = (
    "adult",
    "table",
    "cases",
    "movielens",
    "ratings",
    "python",
)  # whatever else there is are images by name


def _kind_of_data(values: Any) -> str:
    name = values.get("name") if isinstance(values, Mapping) else values.name
    return f"[{name}]" if name in OF_THEIR_OWN else "[named images]"


AnyDataset = Annotated[
    Annotated[NamedImagesConfig, Tag("[named images]")]
    | Annotated[AdultConfig, Tag("[adult]")]
    | Annotated[TableConfig, Tag("[table]")]
    | Annotated[CasesConfig, Tag("[cases]")]
    | Annotated[MovieLensConfig, Tag("[movielens]")]
    | Annotated[RatingsConfig, Tag("[ratings]")]
    | Annotated[PythonDatasetConfig, Tag("[python]")],
    Discriminator(_kind_of_data),
]
