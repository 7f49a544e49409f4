"""Find result files below files and folders; what cannot be read is named, never fatal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mgu.results import RESULT_FILE, Result, read_result


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
    runs, skipped = [], []
    for path in paths:
        if not path.exists():
            skipped.append(f"{path}: does not exist")
        for file in sorted(path.rglob(RESULT_FILE)) if path.is_dir() else [path]:
            if file.is_file():  # and no pipe or device, that would never end
                files[file.resolve()] = None
    for file in files:
        try:
            runs.append(Run(read_result(file), file.parent))
        except ValueError as error:
            skipped.append(f"{file}: {error}")
    return Loaded(runs, skipped)
