"""The states of all runs below some folders, found anew at little cost: only what has changed is read again.

A folder's time changes whenever a file in it is written, for files are replaced whole (mgu/results/on_disk/files.py).
So one look at each folder tells whether there is anything to read. Who holds a run is seen from the system's list of
locks. Packs (mgu/results/runs/pack.py) are read whole when they change.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mgu.results.on_disk.file_names import (
    CHECKPOINT_FILE,
    CONFIG_FILE,
    HISTORY_FILE,
    LOCK_FILE,
    LOG_FILE,
    PACK_FILE,
    RESULT_FILE,
)
from mgu.results.on_disk.search_files import STUDY_FILE, STUDY_HISTORY_FILE
from mgu.results.on_disk.under_way import PATTERN, UnderWay, read_under_way
from mgu.results.runs.load import load_pack, without_copies
from mgu.results.runs.searches import Searches
from mgu.serve.locks import find_locks
from mgu.serve.seen_run import SeenRun
from mgu.serve.stamps import is_settled, stamp_of

OWN_FILES = frozenset((RESULT_FILE, CONFIG_FILE, LOCK_FILE, LOG_FILE, HISTORY_FILE, CHECKPOINT_FILE))
MAX_DEPTH = 6  # of folders below those that were named


@dataclass
class _Found:
    """Holds what one look finds.

    Attributes:
        runs: The time of each run's folder.
        studies: The time and the size of each study's history, by the study's folder.
        sweeps: The files of sweeps.
        packs: The packs.
    """

    runs: dict[str, int] = field(default_factory=dict)
    studies: dict[str, tuple[int, int]] = field(default_factory=dict)
    sweeps: list[str] = field(default_factory=list)
    packs: list[str] = field(default_factory=list)


class Scanner:
    """Looks at all runs below some folders.

    Args:
        paths: Folders of runs, of experiments or of all experiments, result files and packs.

    Attributes:
        runs: What is known of each run that has a folder, by folder.
        packed: What is known of each packed run that has none, and of packs that cannot be read.
        sweeps: The sweeps that are under way.
        studies: The time and the size of the history of each study that has a folder, by folder.
        version: Grows with every change of results and of searches.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = [path.resolve() for path in paths]
        self.runs: dict[str, SeenRun] = {}
        self.packed: list[SeenRun] = []
        self.sweeps: list[UnderWay] = []
        self.studies: dict[str, tuple[int, int]] = {}
        self.version = 0
        self._folders: dict[str, tuple[int, list[str], list[str]]] = {}
        # By archive, with the time of the archive, its runs, and where its searches are.
        self._packs: dict[str, tuple[int, list[SeenRun], Sequence[Searches]]] = {}

    @property
    def all_runs(self) -> list[SeenRun]:
        """All runs, packed or not."""
        return [*self.runs.values(), *self.packed]

    @property
    def searches(self) -> list[Searches]:
        """Where the searches are, packed or not."""
        experiments = dict.fromkeys(Path(folder).parents[1] for folder in self.studies)
        return [*map(Searches, experiments), *(where for _, _, packed in self._packs.values() for where in packed)]

    def look(self) -> None:
        """Looks once at every folder, and reads those that changed."""
        found = _Found()
        before = self.version
        for path in self.paths:
            if path.name == PACK_FILE:
                found.packs.append(str(path))
            else:
                self._walk(str(path.parent if path.name == RESULT_FILE else path), MAX_DEPTH, found)
        self.version += found.studies != self.studies
        self.studies = found.studies
        if gone := self.runs.keys() - found.runs.keys():
            self.version += any(self.runs.pop(folder).run is not None for folder in gone)
        locked = find_locks()
        for folder, stamp in found.runs.items():
            run = self.runs.setdefault(folder, SeenRun(Path(folder)))
            if run.stamp != stamp:
                self.version += run.read(stamp)
            run.is_locked = run.is_held(locked)
        if self._read_packs(found.packs) or (found.packs and self.version != before):
            self._set_packed()
        self.sweeps = [said for file in found.sweeps if (said := read_under_way(Path(file)))]

    def _walk(self, folder: str, depth: int, found: _Found) -> None:
        """Collects what there is below a folder; follows no links."""
        try:
            stamp = os.stat(folder).st_mtime_ns
        except OSError:
            return
        if folder in self.runs:
            found.runs[folder] = stamp
            return
        known = self._folders.get(folder)
        if known is None or known[0] != stamp:
            known = (stamp, *_list(folder))
            if not is_settled(stamp):
                self._folders.pop(folder, None)
            else:
                self._folders[folder] = known
        _, folders, files = known
        if STUDY_FILE in files:  # beside a lock, as a run has one
            found.studies[folder] = _state_of(Path(folder, STUDY_HISTORY_FILE))
            return
        if OWN_FILES & set(files):
            found.runs[folder] = stamp
            return
        found.sweeps += [os.path.join(folder, name) for name in files if Path(name).match(PATTERN)]
        if PACK_FILE in files:
            found.packs.append(os.path.join(folder, PACK_FILE))
        if depth:
            for name in folders:
                self._walk(os.path.join(folder, name), depth - 1, found)

    def _read_packs(self, packs: Sequence[str]) -> bool:
        """Reads the packs that changed; returns whether there were any."""
        stamps = {pack: stamp_of(Path(pack)) for pack in packs}
        read = {pack: self._packs[pack][0] if pack in self._packs else -1 for pack in {*stamps, *self._packs}}
        if read == stamps:
            return False
        for pack, stamp in stamps.items():
            if read[pack] != stamp:
                loaded = load_pack(Path(pack))
                seen = [SeenRun(run.folder, run=run) for run in loaded.runs]
                seen += [SeenRun(Path(pack), skipped=line) for line in loaded.skipped]
                self._packs[pack] = (stamp if is_settled(stamp) else -1, seen, loaded.packed_searches)
        for pack in self._packs.keys() - stamps.keys():
            del self._packs[pack]
        return True

    def _set_packed(self) -> None:
        """Finds the packed runs of which there is nothing else."""
        packed_runs = [run for _, seen, _ in self._packs.values() for run in seen]
        kept = without_copies(run.run for run in (*self.runs.values(), *packed_runs) if run.run)
        ids = {id(run) for run in kept}
        packed = [run for run in packed_runs if run.run is None or id(run.run) in ids]
        self.version += packed != self.packed
        self.packed = packed


def _list(folder: str) -> tuple[list[str], list[str]]:
    """Returns the names of the folders and of the files in a folder."""
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
    except OSError:
        pass
    return sorted(folders), files


def _state_of(file: Path) -> tuple[int, int]:
    """Returns the time and the size of a file, which grows in place."""
    try:
        state = file.stat()
    except OSError:
        return (-1, 0)
    return (state.st_mtime_ns, state.st_size)
