"""Combines the trackers of a run: each event goes to all of them, and the failure of one stops nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, Self

from mgu.config.run import RunConfig
from mgu.errors import UserError, how_to_install
from mgu.results.schema.result import Result
from mgu.tracking.mlflow import MlflowTracker
from mgu.tracking.tensorboard import TensorBoardTracker

log = logging.getLogger("mgu")

PACKAGES = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic")}  # by group and extra


class Tracker(AbstractContextManager[Any], Protocol):
    """Logs a run to an external tool while it trains; entered before time is measured."""

    def epoch(self, row: dict[str, float]) -> None:
        """Logs an epoch; `row` is its line of history.csv."""

    def finish(self, result: Result) -> None:
        """Logs the result of the run, which is over."""


class Trackers:
    """Passes events to any number of trackers. One that raises is named in a warning and switched off.

    Args:
        trackers: The trackers.
    """

    def __init__(self, trackers: list[Tracker]) -> None:
        self.on = trackers

    def __enter__(self) -> Self:
        self._for_each(lambda tracker: tracker.__enter__())
        return self

    def __exit__(self, *exception: object) -> None:
        self._for_each(lambda tracker: tracker.__exit__(None, None, None))

    def epoch(self, row: dict[str, float]) -> None:
        """Logs an epoch. Call it for every row of the history in order; the first one says whether a run continues."""
        self._for_each(lambda tracker: tracker.epoch(row))

    def finish(self, result: Result) -> None:
        """Logs the result. Call it last, before leaving the context; without it the run counts as interrupted."""
        self._for_each(lambda tracker: tracker.finish(result))

    def _for_each(self, tell: Callable[[Tracker], object]) -> None:
        for tracker in list(self.on):
            try:
                tell(tracker)
            except Exception as error:  # of libraries and servers: any
                self.on.remove(tracker)
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                log.warning("%s is off for the rest of this run: %s", type(tracker).__name__, reason)


def build_trackers(config: RunConfig, folder: Path, name: str | None = None) -> Trackers:
    """Builds the trackers that a configuration asks for.

    Args:
        config: Configuration of the run.
        folder: The run's folder.
        name: What people call the run; None for its own name.

    Returns:
        The trackers as one context manager; enter it before time is measured.
    """
    chosen: list[Tracker] = []
    if config.tensorboard:
        chosen.append(TensorBoardTracker(config, folder, name))
    if config.mlflow:
        chosen.append(MlflowTracker(config, folder, name))
    return Trackers(chosen)


def check_installed(config: RunConfig) -> None:
    """Checks that the packages of all trackers that are on are installed. Call it before anything is trained.

    Args:
        config: Configuration of the run.

    Raises:
        UserError: A package is not installed.
    """
    faults = [
        f"{group}=with must have the package {package}, but it is not installed. {how_to_install(group)}"
        for group, packages in PACKAGES.items()
        if getattr(config, group)
        for package in packages
        if find_spec(package) is None
    ]
    if faults:
        raise UserError("\n".join(faults))
