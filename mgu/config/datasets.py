"""Data sets: what must be known of each kind of data before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from mgu.config.fields import Count, NonNegative, Positive, Section
from mgu.tasks.score import TaskName

TEST_SHARE, VAL_SHARE = 0.2, 0.1  # those that go without saying in a label: of conf/dataset/table.yaml and cases.yaml


class ClassesConfig(Section):
    """A data set of classes that is known by its name and has official test data."""

    name: str
    root: str
    split: Literal["paper", "holdout"]

    @property
    def task(self) -> TaskName:
        return "classification"

    @property
    def label(self) -> str:
        """As reports call the data."""
        return self.name


class AdultConfig(ClassesConfig):
    """UCI Adult, see mgu/data/tables/adult.py."""

    name: Literal["adult"]


class TableConfig(Section):
    """A table of the user's, see mgu/data/tables/table.py."""

    name: Literal["table"]
    path: Annotated[str, Field(min_length=1)]
    target: Annotated[str, Field(min_length=1)]  # name of the column to be predicted
    task: Literal["classification", "regression"]  # "auto" is settled before: see mgu/data/tables/files.py
    drop: list[str]  # columns to leave out
    separator: Annotated[str, Field(min_length=1, max_length=1)]  # of a CSV
    max_categories: Annotated[int, Field(ge=2, le=10_000)]  # of a column; the rarer ones count as one
    test_share: Annotated[float, Field(gt=0, lt=1)]
    split: Literal["holdout"]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # of the file: which data this run is about

    @property
    def label(self) -> str:
        """As reports call the data; other shares test on other rows, and are not to be ranked with these."""
        share = f" test {self.test_share:g}" if self.test_share != TEST_SHARE else ""
        return f"{Path(self.path).stem}.{self.target}@{self.sha256[:4]}{share}"


class CasesConfig(Section):
    """Images of cases, as patients are, see mgu/data/cases/cases.py.

    What is not part of a run's identity: where the images lie and which of them are chosen, for `sha256` is of those
    that were; what is done about a broken one; and where the decoded ones are kept.
    """

    name: Literal["cases"]
    path: Annotated[str, Field(min_length=1)]
    stages: list[str] | None  # of which images are kept; null: all
    stage_pattern: Annotated[str, Field(min_length=1)]  # finds the stage in the name of a file
    image_shape: Annotated[list[Count], Field(min_length=3, max_length=3)]  # channels, height, width
    fit: Literal["crop", "stretch", "pad"]
    broken: Literal["refuse", "skip"]
    class_weights: Literal["none", "balanced"]
    test_share: Annotated[float, Field(gt=0, lt=1)]  # of the cases of every class
    val_share: Annotated[float, Field(gt=0, lt=1)]  # of the others
    memory_gib: NonNegative
    cache_gib: Positive
    split: Literal["holdout"]
    classes: Annotated[list[str], Field(min_length=2)]  # in the order of the model's outputs
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # of the chosen images: which data this run is about

    @property
    def task(self) -> TaskName:
        return "classification"

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def label(self) -> str:
        """As reports call the data; other shares are of other images, as for a table."""
        test = f" test {self.test_share:g}" if self.test_share != TEST_SHARE else ""
        val = f" val {self.val_share:g}" if self.val_share != VAL_SHARE else ""
        return f"{Path(self.path).stem}@{self.sha256[:4]}{test}{val}"

    @field_validator("image_shape")
    @classmethod
    def _has_colours_or_not(cls, shape: list[int]) -> list[int]:
        if shape[0] not in (1, 3):
            raise ValueError(f"channels must be 3 (colours) or 1 (grey), but got {shape[0]}. Pass one of them.")
        return shape


class MovieLensConfig(Section):
    """MovieLens-100K, see mgu/data/ratings/movielens.py and mgu/data/ratings/splits.py."""

    name: Literal["movielens"]
    root: str
    download: bool  # the user has read the terms; not part of a run's identity
    task: Literal["ranking", "regression"]
    embedding: Annotated[int, Field(gt=0, le=10_000)]
    num_sampled: Annotated[int, Field(gt=0, le=10_000)]
    split: Literal["holdout"]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]  # of the three files: which data this run is about

    @property
    def label(self) -> str:
        """As reports call the data."""
        return f"movielens-{'ratings' if self.task == 'regression' else 'next'}@{self.sha256[:4]}"


# What a data set is not known by; those of a user's own files have a sha256.
NOT_OF_THE_DATA = ("root", "path", "download", "stages", "stage_pattern", "broken", "memory_gib", "cache_gib")


class DatasetConfig(ClassesConfig):
    """Images: see mgu/data/splits.py for what validates."""

    image_shape: Annotated[list[Count], Field(min_length=3, max_length=3)]  # channels, height, width
    num_classes: Annotated[int, Field(ge=2)]


ImagesConfig = DatasetConfig | CasesConfig


def _kind_of_data(values: Any) -> str:
    name = values.get("name") if isinstance(values, Mapping) else values.name
    return f"[{name}]" if name in ("adult", "table", "cases", "movielens") else "[images]"


AnyDataset = Annotated[
    Annotated[DatasetConfig, Tag("[images]")]
    | Annotated[AdultConfig, Tag("[adult]")]
    | Annotated[TableConfig, Tag("[table]")]
    | Annotated[CasesConfig, Tag("[cases]")]
    | Annotated[MovieLensConfig, Tag("[movielens]")],
    Discriminator(_kind_of_data),
]
