"""The settings of a sweep, `hydra.sweeper.*`, and their rules."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError

from mgu.config.faults import describe_faults
from mgu.config.fields import ConfigModel
from mgu.errors import UserError


class SweeperConfig(ConfigModel):
    """Configures which runs a sweep has, and whether it only shows them."""

    target: Any = Field(alias="_target_", description="The class of the sweeper.")
    max_batch_size: None = Field(description="Not used: null.")
    params: dict[str, str | int | float | bool | None] | None = Field(
        description="Overrides that come before those of the command line, by key."
    )
    strategy: str = Field(description="Name of the strategy of a sweep without a search: grid.")
    grids: dict[str, dict[str, str | int | float | bool]] | None = Field(
        description="Values of each axis in Hydra's grammar, by the name of the grid and the axis."
    )
    plan: Literal["table", "json"] | None = Field(
        description="The form in which `mgu-run plan` shows what would be done; null: train."
    )
    calibrate: bool = Field(description="Whether the plan is to train a few steps of layouts without finished runs.")
    seeds: None = Field(description="Set by the sweep itself, in jobs of several seeds: null.")
    axes: None = Field(description="Set by the sweep itself, the keys in which its runs differ: null.")
    number: None = Field(description="Set by the sweep itself, the number of a job: null.")
    words: None = Field(None, description="Set by a search itself, in jobs that are its workers: null.")


def check_sweeper(values: Any) -> SweeperConfig:
    """Checks the settings of a sweep.

    Args:
        values: The resolved values of `hydra.sweeper`.

    Returns:
        The checked settings.

    Raises:
        UserError: A value is not legal; its message lists every fault.
    """
    try:
        return SweeperConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(describe_faults(error.errors(include_url=False), ("hydra", "sweeper"))) from None
