"""What every data set has whose pixels come from image files of the user's: how they are decoded, kept and divided.

`sha256` is that of the chosen images with their classes, groups and given splits. So neither where they lie nor how
they are chosen is part of a run's identity.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from mgu.config.balance import BalanceConfig
from mgu.config.fields import TEST_SHARE, VAL_SHARE, Count, NonNegative, Positive, Sha256
from mgu.config.folds import FoldsConfig
from mgu.config.identity import NOT_IDENTITY
from mgu.tasks.score import TaskName


class ImageFilesConfig(BalanceConfig, FoldsConfig):
    """Configures images that are files of the user's; see mgu/data/image_files/."""

    name: str = Field(description="Kind of the data.")
    path: Annotated[str, NOT_IDENTITY] = Field(min_length=1, description="A folder or a table of images; must be set.")
    # "auto" is resolved when the files are looked at, before the configuration is checked: see image_files/sizes.py.
    image_shape: list[Count] = Field(
        min_length=3,
        max_length=3,
        description="Shape of a decoded image: channels (3: colour, 1: grey), height and width; auto: as in the files.",
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
    test_share: float = Field(gt=0, lt=1, description="Share of the groups of every class that are test data.")
    val_share: float = Field(gt=0, lt=1, description="Share of the other groups of every class that validate.")
    memory_gib: Annotated[NonNegative, NOT_IDENTITY] = Field(
        description="Decoded images up to this size in GiB are read into memory; more are memory-mapped."
    )
    cache_gib: Annotated[Positive, NOT_IDENTITY] = Field(
        description="Largest size in GiB of the cache of decoded images; the least recently used are deleted."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out images, and test once at the end.")
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
        test = f" test {self.test_share:g}" if self.test_share != TEST_SHARE and not self.folds else ""
        val = f" val {self.val_share:g}" if self.val_share != VAL_SHARE else ""
        return f"{Path(self.path).stem}@{self.sha256[:4]}{self.folds_label or test}{val}"

    @field_validator("image_shape")
    @classmethod
    def _is_colour_or_grey(cls, shape: list[int]) -> list[int]:
        if shape[0] not in (1, 3):
            raise ValueError(f"channels must be 3 (colours) or 1 (grey), but got {shape[0]}. Pass one of them.")
        return shape
