"""Which runs of a sweep are still to be trained, by what their folders hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.results.on_disk.closed import Closed, find_closed
from mgu.results.on_disk.folder import State, find_state, run_folder
from mgu.results.on_disk.result_file import OtherVersion
from mgu.sweep.foreign import find_foreign_runs


class Todo(NamedTuple):
    """Holds the states of all runs, those that are left alone, and those to be trained, by the run's folder.

    Two experiments may have the same run, which is trained once.

    Attributes:
        states: The state of each run.
        foreign: Why this version cannot read the results of runs that another version of this package trained.
        closed: What is closed to this user of runs that cannot be trained because of that.
        runs: Configurations of the runs to be trained.
    """

    states: Mapping[Path, State]
    foreign: dict[Path, OtherVersion]
    closed: dict[Path, Closed]
    runs: dict[Path, RunConfig]

    @property
    def skipped(self) -> list[Path]:
        """The folders of the runs that are left alone, though they are not done."""
        return [*self.foreign, *self.closed]


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
    forced = [folder for folder, config in by_folder.items() if config.force and states[folder] == "done"]
    may_be_closed = [*forced, *(folder for folder, state in states.items() if state == "closed")]
    closed = {folder: found for folder in may_be_closed if (found := find_closed(folder)) and folder not in foreign}
    states |= dict.fromkeys(closed, "closed")
    runs = {
        folder: config
        for folder, config in by_folder.items()
        if folder not in foreign and folder not in closed and (config.force or states[folder] != "done")
    }
    return Todo(states, foreign, closed, runs)
