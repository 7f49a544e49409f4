"""The settings of a search, and their rules: `search.*`, `budget.*`, `warm_start.*`, `confirm.*`.

They are no part of a run's configuration: what a trial trains is an ordinary run. `space.*` depends on the kind of
space, see mgu/search/spaces/.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mgu.config.fields import ConfigModel, Count, Positive

SECTIONS = ("search", "space", "budget", "warm_start", "confirm")  # of the composed configuration
SecondObjective = Literal["params", "flops", "seconds", "kwh"]


class SearchSettings(ConfigModel):
    """Configures the strategy of a search and how its studies are run."""

    name: str = Field(description="Name of the strategy.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of the study: several make several studies.")
    options: dict[str, Any] = Field({}, description="Options of the strategy.")
    second: SecondObjective | None = Field(
        None, description="Second objective, the smaller the better, for strategies that have two; null: none."
    )
    per_cost: bool = Field(
        False,
        description="true: of the points that the strategy wishes, take the one with the largest expected improvement "
        "per second.",
    )
    max_failures: Count = Field(10, description="Trials that failed by an error, after which a study stops.")
    workers: Count = Field(1, description="Jobs of Hydra's launcher that search together in one study.")
    replay: bool = Field(False, description="true: take the recorded runs of the experiment, and train nothing.")
    studies: Count = Field(1, description="Number of studies, whose seeds follow search.seed.")


class BudgetSettings(ConfigModel):
    """Configures what a study may cost; the first limit to be reached ends it, null is no limit."""

    seconds: Positive | None = Field(None, description="Wall-clock seconds of all trials and of the strategy.")
    cpu_seconds: Positive | None = Field(None, description="Processor seconds of all trials and of the strategy.")
    kwh: Positive | None = Field(None, description="Kilowatt-hours of all components of all trials.")
    grams: Positive | None = Field(None, description="Grams of CO2-equivalent of all trials, estimated.")
    trials: Count | None = Field(None, description="Number of trials.")
    epochs: Count | None = Field(None, description="Number of epochs of all trials.")
    share: float | None = Field(None, gt=0, le=1, description="Share of the points of the space.")
    times_unit: Positive | None = Field(None, description="Multiple of the seconds that the unit costs.")


class WarmStartSettings(ConfigModel):
    """Configures which finished runs are told before the first trial."""

    folder: str | None = Field(None, description="Folder of runs of the same data and training; null: none.")
    charge: bool = Field(True, description="Whether what they cost is counted.")


class ConfirmSettings(ConfigModel):
    """Configures the training of the best points anew, which is counted apart."""

    top: int = Field(0, ge=0, le=1000, description="Number of points, the best first; 0: none.")
    seeds: Count = Field(5, description="Number of seeds, which the search has not seen.")


class StudySettings(ConfigModel):
    """Holds all settings of one study."""

    search: SearchSettings = Field(description="The strategy.")
    space: dict[str, Any] | None = Field(None, description="What is searched; null: the grids of the experiment.")
    budget: BudgetSettings = Field(BudgetSettings(), description="What a study may cost.")
    warm_start: WarmStartSettings = Field(WarmStartSettings(), description="Finished runs that are told first.")
    confirm: ConfirmSettings = Field(ConfirmSettings(), description="The training of the best points anew.")
