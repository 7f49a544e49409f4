"""Cross-validation: which fold of the data is the test part."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from mgu.config.fields import ConfigModel
from mgu.config.identity import UNLESS_DEFAULT, IdentityRule

WITH_FOLDS = IdentityRule("unless folds is null", lambda config, name: config.folds is not None)


class FoldsConfig(ConfigModel):
    """Configures the folds of data without official test examples."""

    folds: Annotated[Annotated[int, Field(ge=2, le=1000)] | None, UNLESS_DEFAULT] = Field(
        None, description="Number of folds of a cross-validation, in place of the share of test data; null: none."
    )
    fold: Annotated[int, WITH_FOLDS] = Field(
        0, ge=0, description="Number of the fold that is test data, from 0; the others train and validate."
    )

    @property
    def folds_label(self) -> str:
        """What the label of a data set says about folds: all folds are one table in a report."""
        return f" {self.folds} folds" if self.folds else ""

    @model_validator(mode="after")
    def _is_one_of_the_folds(self) -> Self:
        if self.folds is None and self.fold:
            raise ValueError(
                f"dataset.fold must go with dataset.folds, but got fold {self.fold} of none. Pass dataset.folds=5, "
                "or leave dataset.fold out."
            )
        if self.folds is not None and self.fold >= self.folds:
            raise ValueError(
                f"dataset.fold must be below dataset.folds, for folds count from 0, but got fold {self.fold} of "
                f"{self.folds}. Pass dataset.fold={self.folds - 1} for the last one."
            )
        return self
