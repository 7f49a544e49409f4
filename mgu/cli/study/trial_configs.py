"""Configurations of the trials of a search: how a point of a space becomes a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from mgu.cli.combine import Combiner
from mgu.cli.compose import check_values, compose_overrides
from mgu.cli.overrides import as_option
from mgu.cli.study.first_files import FirstFiles
from mgu.config.identity import identity_values
from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.search.space import Point, Space, some_point

MOST_COMBINED = 10_000  # points of a space whose overrides are combined ahead of time


class Configurator:
    """Composes the configurations of trials.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        overrides: Those of every trial.
        space: Says a point to Hydra.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig, overrides: Sequence[str], space: Space) -> None:
        self.overrides, self.space = list(overrides), space
        is_small = space.size and space.size < MOST_COMBINED
        jobs = [self._overrides(point) for point in space.points()] if is_small else []
        self._compose = Combiner(jobs, partial(compose_overrides, loader, master))
        self._kept: dict[tuple[str, ...], RunConfig] = {}
        self._files = FirstFiles()

    def __call__(self, point: Point, seed: int, stop_after: int | None = None) -> RunConfig:
        """Returns the configuration of a trial.

        Raises:
            UserError: The point cannot be composed, is no legal run, or a file has changed since the first one.
        """
        overrides = tuple(self._overrides(point))
        if overrides not in self._kept:
            try:
                composed = self._compose(overrides)
                config = check_values(composed)
            except UserError as error:
                told = " ".join(self.space.overrides(point))
                raise UserError(
                    f"space={self.space.name} must have points that are legal runs, but {told} is none: {error}"
                ) from None
            self._files.check(composed, config)
            self._kept[overrides] = config
        config = self._kept[overrides]
        training = (
            config.training if stop_after is None else config.training.model_copy(update={"stop_after": stop_after})
        )
        return config.model_copy(update={"seed": seed, "training": training})

    def _overrides(self, point: Point) -> list[str]:
        of_point = [as_option(override) for override in self.space.overrides(point)]
        named = {override.partition("=")[0].lstrip("+") for override in of_point}
        others = [override for override in self.overrides if override.partition("=")[0].lstrip("+") not in named]
        return [*others, *of_point]


def first_config(values: Mapping[str, Any], space: Space, configure: Configurator) -> RunConfig:
    """Returns the configuration of the first run of a space, which may set layout, split and epochs itself.

    Args:
        values: What the command line says, composed.
        space: The space.
        configure: Composes the configuration of a point.

    Returns:
        The configuration; of a space without runs, what the command line says.

    Raises:
        UserError: Neither the command line nor a point of the space is a legal run.
    """
    try:
        start = check_values(values)
    except UserError as error:
        if space.measure is not None:
            raise
        try:
            return configure(some_point(space), 0).model_copy(update={"seed": values["seed"]})
        except UserError as of_point:
            raise (error if str(error) in str(of_point) else of_point) from None
    return start if space.measure is not None else configure(some_point(space), start.seed)


def runs_identity(space: Space, configure: Configurator) -> dict[str, Any]:
    """Returns what identifies the runs of a space beside their points: the configuration of one, without its seed."""
    if space.measure is not None:
        return {"measure": space.measure, "measure_settings": dict(space.measure_settings)}
    values = identity_values(configure(some_point(space), 0))
    return {"run": {key: value for key, value in values.items() if key != "seed"}}
