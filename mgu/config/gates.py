"""Truth tables of logical gates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mgu.config.fields import ConfigModel
from mgu.tasks.score import TaskName

Gate = Literal["and", "or", "xor", "not", "identity"]


class GatesConfig(ConfigModel):
    """Configures the truth table of a gate; see mgu/data/gates/dataset.py."""

    name: Literal["gates"] = Field(description="Name of the data set.")
    gate: Gate = Field(description="The gate; not and identity have one input, the others two.")
    split: Literal["all"] = Field(description="Every row trains and validates: there are no others.")

    @property
    def task(self) -> TaskName:
        """A number, 0 or 1, is predicted."""
        return "regression"

    @property
    def label(self) -> str:
        """The name of the data set in reports."""
        return self.gate
