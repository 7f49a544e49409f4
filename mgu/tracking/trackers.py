"""All trackers of a run as one: what it is told goes to each that is on, and the trouble of one stops nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, Self

from mgu.config.run import RunConfig
from mgu.errors import UserError, how_to_install
from mgu.results.result import Result
from mgu.tracking.mlflow import MlflowTracker
from mgu.tracking.tensorboard import TensorBoardTracker

log = logging.getLogger("mgu")

PACKAGES = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}  # by group and extra


class Tracker(AbstractContextManager[Any], Protocol):
    """What is told of a run while it trains."""

    def epoch(self, row: dict[str, float]) -> None:
        """One epoch is done; `row` is its line of the history."""

    def finish(self, result: Result) -> None:
        """The run is over."""


class Trackers:
    """Any number of them. One that raises is named in a warning and left alone from then on."""

    def __init__(self, trackers: list[Tracker]) -> None:
        self.on = trackers

    def __enter__(self) -> Self:
        self._each(lambda tracker: tracker.__enter__())
        return self

    def __exit__(self, *exception: object) -> None:
        self._each(lambda tracker: tracker.__exit__(None, None, None))

    def epoch(self, row: dict[str, float]) -> None:
        """To be called with every row of the history, in order; its first one says whether a run goes on."""
        self._each(lambda tracker: tracker.epoch(row))

    def finish(self, result: Result) -> None:
        """To be called last, before leaving the context; without it the run counts as interrupted."""
        self._each(lambda tracker: tracker.finish(result))

    def _each(self, tell: Callable[[Tracker], object]) -> None:
        for tracker in list(self.on):
            try:
                tell(tracker)
            except Exception as error:  # of libraries and servers: any
                self.on.remove(tracker)
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                log.warning("%s is off for the rest of this run: %s", type(tracker).__name__, reason)


def trackers(config: RunConfig, folder: Path) -> Trackers:
    """Those that `config` asks for, of the run whose evidence lies in `folder`. Enter it before time is measured."""
    chosen: list[Tracker] = []
    if config.tensorboard:
        chosen.append(TensorBoardTracker(config, folder))
    if config.mlflow:
        chosen.append(MlflowTracker(config, folder))
    return Trackers(chosen)


def check_installed(config: RunConfig) -> None:
    """Raises UserError, before anything is trained, where a tracker is on whose packages are not installed."""
    faults = [
        f"{group}=with must have the package {package}, but it is not installed. {how_to_install(group)}"
        for group, packages in PACKAGES.items()
        if getattr(config, group)
        for package in packages
        if find_spec(package) is None
    ]
    if faults:
        raise UserError("\n".join(faults))
