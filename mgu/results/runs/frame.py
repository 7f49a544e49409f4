"""Loads results into a pandas table, for notebooks."""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec
import pandas as pd

from mgu.results.on_disk.files import describe_runs_dir, find_folders
from mgu.results.runs.load import load_results


def load_runs(*paths: str | Path) -> pd.DataFrame:
    """Loads results into a table.

    Args:
        paths: Folders or result.json files, also by their names below the runs folder; all of it if none is given.
            Files in folders that cannot be read are left out, each with a warning that names it.

    Returns:
        One row for each run with every value of its result.json, nested names joined by dots ("val.accuracy").

    Raises:
        FileNotFoundError: A path does not exist.
        ValueError: A path is empty, or a file that is no result.
    """
    if "" in paths:
        raise ValueError("paths must be folders or result.json files, but got ''. Leave it out for the runs folder.")
    chosen = find_folders([Path(path).expanduser() for path in paths])
    for path in chosen:
        if not path.exists():
            where = describe_runs_dir()
            raise FileNotFoundError(f"paths must be folders or files that exist, but there is no {path}. {where}")
    loaded = load_results(chosen)
    for line in loaded.skipped:
        if any(path.is_file() and line.startswith(f"{path.resolve()}: ") for path in chosen):
            raise ValueError(f"paths must be folders or result.json files, but got {line}. Leave it out.")
    for line in loaded.skipped:
        warnings.warn(f"skipped {line}", stacklevel=2)
    return pd.json_normalize([msgspec.to_builtins(run.result) for run in loaded.runs])
