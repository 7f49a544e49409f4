"""The configuration of `mgu-run prune`: conf/prune.yaml, overridden by key=value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from mgu.config.faults import describe_faults
from mgu.config.fields import BelowOne, ConfigModel, Count, NonNegative, Positive32
from mgu.errors import UserError
from mgu.text.nearest import did_you_mean

StandardDeviation = Annotated[float, Field(ge=0, le=0.5)]  # of gate values, which lie between 0 and 1


class PruneConfig(ConfigModel):
    """Configures how the gates of a trained unit are replaced by constants, see mgu/prune/."""

    method: Literal["stepwise", "threshold"] = Field(
        description="stepwise: fix the cheapest gate and train, until none is left; threshold: fix all at once."
    )
    thresholds: list[StandardDeviation] = Field(
        min_length=1, description="Standard deviations within a channel up to which gates are fixed, one model each."
    )
    rounding: StandardDeviation = Field(description="Distance from 0 or 1 up to which a channel's constant is rounded.")
    by_channel: bool = Field(description="Whether stepwise may decide a gate channel by channel.")
    layer_norm: bool = Field(
        description="Whether stepwise may choose layer normalisation, which folds into no layer and costs time."
    )
    batches: int = Field(ge=0, description="Training batches between two gates.")
    epochs: int = Field(ge=0, description="Largest number of epochs of fine-tuning at the end; 0: none.")
    patience: Count | None = Field(
        description="Epochs of fine-tuning without a better score after which it stops; null: that of the run."
    )
    schedule: Literal["fresh", "continued"] = Field(
        description="fresh: start the learning rate over for fine-tuning; continued: go on from the unit's best epoch."
    )
    distill: BelowOne = Field(description="Share of the loss that the unit's logits teach instead of the labels.")
    temperature: Positive32 = Field(description="Temperature that softens those logits.")
    max_loss: NonNegative = Field(description="Points of the score that the smallest model may lose.")
    tries: Count = Field(description="Smallest models that are fine-tuned, until one is within max_loss.")


def read_defaults(file: Path) -> dict[str, Any]:
    """Reads the values of a YAML file without checking them.

    Args:
        file: The file, as conf/prune.yaml.

    Returns:
        The values by key.
    """
    values: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return values


def read_settings(defaults: Path, overrides: Sequence[str]) -> PruneConfig:
    """Reads how to prune from a YAML file and overrides.

    Args:
        defaults: The YAML file of all values.
        overrides: Arguments of the form key=value.

    Returns:
        The checked configuration.

    Raises:
        UserError: An argument is no override, a key is unknown, or values are not legal; every such fault is named.
    """
    values = read_defaults(defaults)
    given: dict[str, str] = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise UserError(
                f"arguments after RUN must be key=value, but got {override!r}. Put RUN first, and only one."
            )
        if key not in values:
            raise UserError(
                f"{key} must be one of {', '.join(values)}, but got {override}."
                f"{did_you_mean(key, values) or ' Leave it out.'}"
            )
        if key in given:
            raise UserError(f"{key} must be given once, but got {given[key]} and {override}. Leave one of them out.")
        given[key] = override
        try:
            values[key] = yaml.safe_load(value)
        except (yaml.YAMLError, RecursionError, ValueError):  # such as brackets without end, the 41st of a month
            raise UserError(f"{key} must be a value in YAML, but got {value}. Quote it for the shell.") from None
    try:
        return PruneConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(describe_faults(error.errors(include_url=False))) from None
