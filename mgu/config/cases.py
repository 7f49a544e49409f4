"""Images of cases, such as patients: several images a case, whose vote is the class of the case."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mgu.config.identity import NOT_IDENTITY
from mgu.config.image_files import ImageFilesConfig


class CasesConfig(ImageFilesConfig):
    """Configures images of cases; see mgu/data/cases/cases.py."""

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
    test_share: float = Field(
        gt=0, lt=1, description="Share of the cases of every class that are test data, at least one case."
    )
    val_share: float = Field(
        gt=0, lt=1, description="Share of the other cases of every class that are validation data, at least one case."
    )
    split: Literal["holdout"] = Field(description="Validate on held-out cases, and test once at the end.")
