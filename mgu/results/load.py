"""Find result files below files and folders; what cannot be read is named, never fatal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mgu.results.result import RESULT_FILE, Result, read_result


class Run(NamedTuple):
    """A result and the folder that holds the rest of its evidence."""

    result: Result
    folder: Path


class Loaded(NamedTuple):
    """`skipped` holds one line a file: its path and what is wrong with it."""

    runs: list[Run]
    skipped: list[str]


def load_results(paths: Iterable[Path]) -> Loaded:
    """All results below `paths`, each file once, in the order of their names."""
    files: dict[Path, None] = {}
    runs: list[Run] = []
    skipped: list[str] = []
    for path in paths:
        if not path.exists():
            skipped.append(f"{path}: does not exist")
        files.update(dict.fromkeys(_below(path.resolve(), skipped) if path.is_dir() else [path.resolve()]))
    for file in files:
        if not file.is_file():  # a pipe or a device would never end
            continue
        try:
            runs.append(Run(read_result(file), file.parent))
        except ValueError as error:
            skipped.append(f"{file}: {error}")
    return Loaded(runs, skipped)


def _below(folder: Path, skipped: list[str]) -> Iterator[Path]:
    """Links to folders are not followed, what cannot be read goes to `skipped`. os.walk, for Path.rglob looks at each
    folder twice.
    """

    def skip(error: OSError) -> None:
        skipped.append(f"{error.filename}: {error.strerror}")

    for parent, folders, names in os.walk(folder, onerror=skip):
        folders.sort()
        if RESULT_FILE in names:
            yield Path(parent, RESULT_FILE)
