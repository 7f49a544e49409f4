"""What can be configured of pruning: conf/prune.yaml, overridden by key=value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError

from mgu.config.check import describe_fault
from mgu.config.fields import Count, Fraction, NonNegative, Positive, Section
from mgu.errors import UserError, did_you_mean

Spread = Annotated[float, Field(ge=0, le=0.5)]


class PruneConfig(Section):
    """method: "stepwise" fixes one gate after another, each time the one that costs least, with training in between,
    until none is left; "threshold" fixes at once all gates that vary no more than each of `thresholds`.
    schedule, patience: of the fine-tuning at the end, mgu/prune/fine_tune.py; distill, temperature: see distill.py.
    """

    method: Literal["stepwise", "threshold"]
    thresholds: Annotated[list[Spread], Field(min_length=1)]
    rounding: Spread
    by_channel: bool
    layer_norm: bool
    batches: Annotated[int, Field(ge=0)]
    epochs: Annotated[int, Field(ge=0)]
    patience: Count | None
    schedule: Literal["fresh", "continued"]
    distill: Fraction
    temperature: Positive
    max_loss: NonNegative
    tries: Count


def read_settings(defaults: Path, overrides: Sequence[str]) -> PruneConfig:
    """The values of the file `defaults`, changed by overrides key=value. Raises UserError naming every fault."""
    values = yaml.safe_load(defaults.read_text(encoding="utf-8"))
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise UserError(
                f"arguments after RUN must be key=value, but got {override!r}. Put RUN first, and only one."
            )
        if key not in values:
            raise UserError(f"{key} must be one of {', '.join(values)}, but got {override}.{did_you_mean(key, values)}")
        try:
            values[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"{key} must be a value in YAML, but got {value}. Quote it for the shell.") from None
    try:
        return PruneConfig.model_validate(values)
    except ValidationError as error:
        raise UserError("\n".join(describe_fault(fault) for fault in error.errors())) from None
