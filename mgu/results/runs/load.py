"""Loads all results below files and folders; a file that cannot be read is listed, never fatal."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from mgu.results.on_disk.file_names import PACK_FILE, RESULT_FILE
from mgu.results.on_disk.result_file import decode_result, describe_unreadable, read_result
from mgu.results.runs.pack import read_pack
from mgu.results.runs.searches import Files, Searches
from mgu.results.schema.result import Result
from mgu.text.printable import printable


class Run(NamedTuple):
    """Holds a result with the folder of its run.

    Attributes:
        result: The result.
        folder: The run's folder, with the files that mgu/results/on_disk/file_names.py names; of a packed run, where it
            would lie if the pack were a folder.
        packed: The contents of a packed run's files by name; None for a run that has a folder.
        packed_searches: The files of the searches of a packed run's experiment, by the names of their folders.
    """

    result: Result
    folder: Path
    packed: Files | None = None
    packed_searches: Mapping[str, Files] | None = None

    @property
    def searches(self) -> list[Searches]:
        """Where the searches of the run's experiment are: of a packed run, beside the pack and in it."""
        if self.packed is None:
            return [Searches(self.folder.parent)]
        return [Searches(self.folder.parents[2]), Searches(self.folder.parent, self.packed_searches or {})]


class Loaded(NamedTuple):
    """Holds what was loaded.

    Attributes:
        runs: Results that could be read.
        skipped: One line for each other file: its path and why it could not be read.
        packed_searches: The searches of the packs, with those of experiments without runs.
    """

    runs: list[Run]
    skipped: list[str]
    packed_searches: Sequence[Searches] = ()


def load_results(paths: Iterable[Path]) -> Loaded:
    """Loads all results below some paths, those in packs (mgu/results/runs/pack.py) too.

    Args:
        paths: Folders, which are searched, result files and packs.

    Returns:
        The results, each file once, in the order of their names, and the files that could not be read.
    """
    with _no_garbage_collection():
        return _load_results(paths)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keeps Python from looking for garbage among results, of which none is: that takes longer than to read them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load_results(paths: Iterable[Path]) -> Loaded:
    files: dict[Path, None] = {}
    runs: list[Run] = []
    skipped: list[str] = []
    for path in paths:
        try:
            if not path.exists():
                skipped.append(f"{path}: does not exist")
                continue
            files.update(dict.fromkeys(_below(path.resolve(), skipped) if path.is_dir() else [path.resolve()]))
        except (OSError, RuntimeError) as error:  # such as links that lead in a circle
            skipped.append(f"{path}: not readable ({error})")
    packed_searches: list[Searches] = []
    for file in files:
        if _is_pack(file):
            loaded = _read_pack(file)
            runs += loaded.runs
            skipped += loaded.skipped
            packed_searches += loaded.packed_searches
        else:
            runs += _read_folder(file, skipped)
    return Loaded(without_copies(runs), [printable(line) for line in skipped], packed_searches)


def load_pack(file: Path) -> Loaded:
    """Loads the runs of one pack.

    Args:
        file: The archive.

    Returns:
        Its runs, what could not be read, and its searches.
    """
    loaded = _read_pack(file)
    return loaded._replace(skipped=[printable(line) for line in loaded.skipped])


def without_copies(runs: Iterable[Run]) -> list[Run]:
    """Leaves out packed runs of which the run itself, or another pack's copy, is there.

    Args:
        runs: Any runs.

    Returns:
        The others, those that have a folder first.
    """
    kept: list[Run] = []
    known: dict[str, list[Result]] = {}
    for run in sorted(runs, key=lambda run: run.packed is not None):  # stable
        # Of one identity, configurations differ only in what changes no result; a pack leaves out paths.
        bare = replace(run.result, config={}, error=None)
        same = known.setdefault(run.result.identity, [])
        if run.packed is None or bare not in same:
            kept.append(run)
            same.append(bare)
    return kept


def _is_pack(file: Path) -> bool:
    return file.name == PACK_FILE


def _read_folder(file: Path, skipped: list[str]) -> Iterator[Run]:
    """Yields the run of a result file; nothing if it cannot be read, which goes to `skipped`."""
    try:
        yield Run(read_result(file), file.parent)
    except ValueError as error:
        skipped.append(f"{file}: {describe_unreadable(error)}")


def _read_pack(file: Path) -> Loaded:
    """Reads a pack."""
    try:
        pack = read_pack(file)
    except ValueError as error:
        return Loaded([], [f"{file}: {error}"])
    runs, skipped = list[Run](), list[str]()
    for name, files in pack.runs.items():
        try:
            searches = pack.searches.get(name.partition("/")[0])
            runs.append(Run(decode_result(files.get(RESULT_FILE, b"")), file / name, files, searches))
        except ValueError as error:
            skipped.append(f"{file / name / RESULT_FILE}: {error}")
    return Loaded(runs, skipped, [Searches(file / name, folders) for name, folders in pack.searches.items()])


def _below(folder: Path | str, skipped: list[str]) -> Iterator[Path]:
    """Yields the result files and packs below a folder; folders that cannot be read go to `skipped`.

    A link to a folder of runs, of an experiment or of a run is followed so far and no further, for it may lead
    anywhere. It uses os.scandir, for Path.rglob looks at each folder twice.
    """
    try:
        with os.scandir(folder) as scanned:
            entries = list(scanned)
    except OSError as error:
        skipped.append(f"{error.filename}: {error.strerror}")
        return
    folders = sorted((entry for entry in entries if _is_folder(entry)), key=lambda entry: entry.name)
    links = [Path(entry.path) for entry in folders if entry.is_symlink()]
    for link in links:
        for inside in ("", "*/", "*/*/"):
            for name in (RESULT_FILE, PACK_FILE):
                yield from sorted(file.resolve() for file in link.glob(f"{inside}{name}"))
    for entry in entries:
        if entry.name in (RESULT_FILE, PACK_FILE) and entry in folders:
            skipped.append(f"{entry.path}: a folder")
        elif entry.name in (RESULT_FILE, PACK_FILE):
            yield Path(entry.path)
    for entry in folders:
        if not entry.is_symlink():
            yield from _below(entry.path, skipped)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # as os.walk has it: what cannot be looked at is no folder
        return False
