"""`mgu-run search=... -m`: prepares studies, and runs or shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from mgu.cli.studies import PlannedStudy, plan_studies
from mgu.console.text import count, print_line
from mgu.search.grids import Grids
from mgu.search.strategy import generator_for
from mgu.sweep.search.study_run import Search, prepare, run_study
from mgu.sweep.slots import find_slots

# Takes the words of each worker; returns what became of it, or None where this process is to be the only worker.
LaunchWorkers = Callable[[list[list[str]]], list[Any] | None]


def search(
    loader: ConfigLoader, master: DictConfig, grids: Grids, words: Sequence[str], launch: LaunchWorkers
) -> None:
    """Runs the studies of a command line, one after the other.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        grids: The grids of the experiment.
        words: Overrides of the command line.
        launch: Launches workers.

    Raises:
        UserError: A setting is not legal, or a trial cannot be trained here.
        RunsFailed: Too many trials failed.
    """
    planned = plan_studies(loader, master, grids, words)
    searches = [as_search(own) for own in planned]
    if len(searches) > 1:
        print_line(f"{count(len(searches), 'study').replace('studys', 'studies')}, one after the other")
    prepare(searches)
    for own in searches:
        run_study(own)


def as_search(planned: PlannedStudy) -> Search:
    """Returns a planned study with how its trials are trained."""
    space, settings = planned.study.space, planned.settings.search
    example = planned.start
    if space.measure is None:
        point = next(space.points()) if space.size is not None else space.sample(generator_for(0, 0, "check"))
        example = planned.configure(point, 0)
    slots = find_slots([example])
    return Search(
        planned.study,
        planned.configure,
        example,
        settings.second,
        planned.fixed_seed,
        settings.max_failures,
        slots.number,
        slots.threads,
    )
