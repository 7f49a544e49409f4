"""Which runs of a sweep are still to be trained, by what their folders hold."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mgu.config.run import RunConfig
from mgu.results.on_disk.folder import State, find_state, run_folder


class Todo(NamedTuple):
    """Holds the states of all runs, and those to be trained, by the run's folder.

    Two experiments may have the same run, which is trained once.

    Attributes:
        states: The state of each run.
        runs: Configurations of the runs to be trained.
    """

    states: Mapping[Path, State]
    runs: dict[Path, RunConfig]


def find_todo(configs: Sequence[RunConfig], foreign: Container[Path]) -> Todo:
    """Finds the runs that are not done, or that are forced.

    Args:
        configs: Configurations of all runs.
        foreign: Folders of runs that another version of this package trained, which are left alone.

    Returns:
        The runs, with the states of all.
    """
    folders = [run_folder(config) for config in configs]
    states = {folder: find_state(config) for folder, config in zip(folders, configs, strict=True)}
    runs = {
        folder: config
        for folder, config in zip(folders, configs, strict=True)
        if folder not in foreign and (config.force or states[folder] != "done")
    }
    return Todo(states, runs)
