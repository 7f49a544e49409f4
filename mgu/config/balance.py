"""What every classification can do about classes of unequal size: weight the loss, or draw the examples evenly."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mgu.config.fields import ConfigModel
from mgu.config.identity import UNLESS_DEFAULT

Sampling = Literal["shuffled", "balanced"]


class BalanceConfig(ConfigModel):
    """Configures how classes count; every section of a data set that can be classified inherits it."""

    class_weights: Annotated[Literal["none", "balanced"], UNLESS_DEFAULT] = Field(
        "none",
        description="Weights of classes in the loss; balanced: all count alike, by the number of training examples.",
    )
    sampling: Annotated[Sampling, UNLESS_DEFAULT] = Field(
        "shuffled",
        description="shuffled: an epoch draws each example once; balanced: classes equally likely, with repeats.",
    )

    @property
    def is_balanced(self) -> bool:
        """Whether classes of unequal size are evened out, in whichever way."""
        return self.class_weights == "balanced" or self.sampling == "balanced"

    @model_validator(mode="after")
    def _corrects_once(self) -> Self:
        if self.class_weights == self.sampling == "balanced":
            raise ValueError(
                "one of dataset.class_weights and dataset.sampling must be left out, but both are balanced, which "
                "would correct twice and favour the rare classes. Pass dataset.class_weights=none."
            )
        return self

    @model_validator(mode="after")
    def _has_classes_to_balance(self) -> Self:
        if getattr(self, "task", None) == "regression" and self.is_balanced:
            key = "sampling" if self.sampling == "balanced" else "class_weights"
            raise ValueError(
                f"dataset.{key}=balanced must go with classes, but the task is regression. Leave dataset.{key} out, or "
                "pass dataset.task=classification."
            )
        return self
