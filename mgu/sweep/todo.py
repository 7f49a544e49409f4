"""Which runs of a sweep are still to be trained, by what their folders hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.results.on_disk.folder import State, find_state, run_folder
from mgu.results.on_disk.result_file import OtherVersion
from mgu.sweep.foreign import find_foreign_runs


class Todo(NamedTuple):
    """Holds the states of all runs, those that are left alone, and those to be trained, by the run's folder.

    Two experiments may have the same run, which is trained once.

    Attributes:
        states: The state of each run.
        foreign: Why this version cannot read the results of runs that another version of this package trained.
        runs: Configurations of the runs to be trained.
    """

    states: Mapping[Path, State]
    foreign: dict[Path, OtherVersion]
    runs: dict[Path, RunConfig]


def find_todo(configs: Sequence[RunConfig]) -> Todo:
    """Finds the runs that are not done, or that are forced.

    Args:
        configs: Configurations of all runs.

    Returns:
        The runs, with the states of all.
    """
    by_folder = {run_folder(config): config for config in configs}
    states = {folder: find_state(config) for folder, config in by_folder.items()}
    # Of a run that is done or failed the result has just been read.
    foreign = find_foreign_runs(
        by_folder[folder] for folder, state in states.items() if state not in ("done", "failed")
    )
    runs = {
        folder: config
        for folder, config in by_folder.items()
        if folder not in foreign and (config.force or states[folder] != "done")
    }
    return Todo(states, foreign, runs)
