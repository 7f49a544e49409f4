"""Adds searches to those that a pack holds: a study that has gone on takes the place of what it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import yaml

from mgu.results.on_disk.search_files import REPLAYED_FOLDER, SEARCH_FOLDER, STUDY_FILE, STUDY_HISTORY_FILE
from mgu.results.runs.files_in_pack import files_in_pack
from mgu.results.runs.load import Run
from mgu.results.runs.own_paths import absolute_paths
from mgu.results.runs.pack import name_in_pack
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import Files, Searches

ByExperiment = Mapping[str, Mapping[str, Files]]


class AddedSearches(NamedTuple):
    """Holds what became of the searches in a pack.

    Attributes:
        searches: By experiment the files of each folder of its searches, by the name of the folder, all sorted.
        replaced: Studies of which the pack held another history.
        own_paths: Absolute paths that are part of what identifies a study, and so are kept.
    """

    searches: ByExperiment
    replaced: list[str]
    own_paths: set[str]


def add_searches(before: ByExperiment, runs: Sequence[Run], others: Sequence[Searches]) -> AddedSearches:
    """Adds the searches of the experiments of some runs, and others.

    Args:
        before: What the pack holds.
        runs: The runs that are packed.
        others: Where there are more searches, of experiments that need have no runs.

    Returns:
        What it is to hold.

    Raises:
        UserError: A file cannot be read.
    """
    after = {experiment: dict(folders) for experiment, folders in before.items()}
    replaced, own_paths = list[str](), set[str]()
    for experiment, sources in _by_experiment(runs, others).items():
        folders = after.setdefault(experiment, {})
        for folder in search_folders(sources):
            name = folder.path.name if folder.path.name.isprintable() else name_in_pack(folder.path.name)
            files = files_in_pack(folder)
            own_paths |= _own_paths(files)
            joined = _join(folders.get(name, {}), files, folder.is_replayed)
            if joined is None:
                replaced.append(f"{experiment}/{SEARCH_FOLDER}/{name}")
            folders[name] = files if joined is None else joined
    return AddedSearches(_sorted(after), replaced, own_paths)


def count_searches(searches: ByExperiment) -> int:
    """Counts searches.

    Args:
        searches: Those of a pack.

    Returns:
        Number of studies, and of files with replayed ones.
    """
    return sum(
        len(files) if name == REPLAYED_FOLDER else 1 for folders in searches.values() for name, files in folders.items()
    )


def _by_experiment(runs: Sequence[Run], others: Sequence[Searches]) -> dict[str, list[Searches]]:
    """Returns where the searches of each experiment are, by its name in a pack, which its runs tell if it has some."""
    found: dict[str, dict[Searches, None]] = {}
    for run in runs:
        found.setdefault(name_in_pack(run.result.experiment_name), {}).update(dict.fromkeys(run.searches))
    known = {source for sources in found.values() for source in sources}
    for source in others:
        if source not in known:
            found.setdefault(name_in_pack(source.experiment.name), {})[source] = None
    return {experiment: list(sources) for experiment, sources in found.items()}


def _join(before: Files, new: Files, is_replayed: bool) -> Files | None:
    """Returns the later state of a folder with what the earlier one has beside; None where neither is the later."""
    known, history = before.get(STUDY_HISTORY_FILE, b""), new.get(STUDY_HISTORY_FILE, b"")
    if is_replayed or history.startswith(known):
        return {**before, **new}
    return {**new, **before} if known.startswith(history) else None


def _own_paths(files: Files) -> set[str]:
    try:
        return set(absolute_paths(yaml.safe_load(files.get(STUDY_FILE, b""))))
    except (ValueError, yaml.YAMLError):  # reports say so
        return set()


def _sorted(searches: ByExperiment) -> ByExperiment:
    """Returns the same in the order of the names, without experiments that have none."""
    return {
        experiment: {name: searches[experiment][name] for name in sorted(searches[experiment])}
        for experiment in sorted(searches)
        if searches[experiment]
    }
