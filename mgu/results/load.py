"""Loads all results below files and folders; a file that cannot be read is listed, never fatal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mgu.results.file_names import RESULT_FILE
from mgu.results.result import Result, read_result


class Run(NamedTuple):
    """Holds a result with the folder of its run.

    Attributes:
        result: The result.
        folder: The run's folder, with the files that mgu/results/file_names.py names.
    """

    result: Result
    folder: Path


class Loaded(NamedTuple):
    """Holds what was loaded.

    Attributes:
        runs: Results that could be read.
        skipped: One line for each other file: its path and why it could not be read.
    """

    runs: list[Run]
    skipped: list[str]


def load_results(paths: Iterable[Path]) -> Loaded:
    """Loads all results below some paths.

    Args:
        paths: Folders, which are searched, and result files.

    Returns:
        The results, each file once, in the order of their names, and the files that could not be read.
    """
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
    for file in files:
        try:
            runs.append(Run(read_result(file), file.parent))
        except ValueError as error:
            skipped.append(f"{file}: {error}")
    return Loaded(runs, [_in_one_line(line) for line in skipped])


def _in_one_line(text: str) -> str:
    """Escapes what a terminal would obey: paths and reasons may hold text of a foreign file."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _below(folder: Path | str, skipped: list[str]) -> Iterator[Path]:
    """Yields the result files below a folder; folders that cannot be read go to `skipped`.

    A link to a folder of runs, of an experiment or of a run is followed so far and no further, for it may lead
    anywhere. It uses os.scandir, for Path.rglob looks at each folder twice.
    """
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError as error:
        skipped.append(f"{error.filename}: {error.strerror}")
        return
    folders = sorted((entry for entry in entries if _is_folder(entry)), key=lambda entry: entry.name)
    links = [Path(entry.path) for entry in folders if entry.is_symlink()]
    for link in links:
        for inside in ("", "*/", "*/*/"):
            yield from sorted(file.resolve() for file in link.glob(f"{inside}{RESULT_FILE}"))
    for entry in entries:
        if entry.name == RESULT_FILE and entry in folders:
            skipped.append(f"{entry.path}: a folder")
        elif entry.name == RESULT_FILE:
            yield Path(entry.path)
    for entry in folders:
        if not entry.is_symlink():
            yield from _below(entry.path, skipped)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # as os.walk has it: what cannot be looked at is no folder
        return False
