"""Finds the folder of a run by the name that a user gives."""

from __future__ import annotations

from pathlib import Path

from mgu.errors import UserError, did_you_mean
from mgu.results.file_names import CHECKPOINT_FILE, CONFIG_FILE, RESULT_FILE
from mgu.results.files import default_runs_dir


def find_run(path: str | Path) -> Path:
    """Finds the folder of one run.

    Args:
        path: Path of the folder or of its result.json, or the folder's name below the runs folder, with or without
            experiment and hash, if it fits one run only.

    Returns:
        The folder.

    Raises:
        UserError: No run fits, or several do.
    """
    chosen = Path(path).expanduser()
    if chosen.is_file() and chosen.name == RESULT_FILE:
        return chosen.parent
    if chosen.is_dir():
        return _checked(chosen)
    runs = default_runs_dir()
    folders = [folder for folder in sorted(runs.glob("*/*")) if folder.is_dir()]
    fitting = [folder for folder in folders if str(path).rstrip("/") in _names(folder)]
    if len(fitting) == 1:
        return _checked(fitting[0])
    if fitting:
        candidates = ", ".join("/".join(folder.parts[-2:]) for folder in fitting)
        raise UserError(f"RUN must name one run, but {path} fits {candidates}. Name one of them.")
    hint = did_you_mean(str(path), [name for folder in folders for name in _names(folder)])
    hint = hint or f" Its folder's name is enough if it is in {runs}."
    raise UserError(f"RUN must be the folder of a finished run, but there is no {path}.{hint}")


def _names(folder: Path) -> list[str]:
    """Returns the names of a run: with or without its experiment and its hash."""
    name, bare, experiment = folder.name, folder.name.rpartition("-")[0], folder.parent.name
    return [f"{experiment}/{name}", name, f"{experiment}/{bare}", bare]


def _checked(folder: Path) -> Path:
    """Returns `folder` if it is a run's own; raises UserError if not."""
    if any((folder / name).exists() for name in (RESULT_FILE, CONFIG_FILE, CHECKPOINT_FILE)):
        return folder
    runs = sorted(found.parent for found in folder.rglob(RESULT_FILE))
    hint = f"Name one of the {len(runs)} below it, as {runs[0]}." if runs else "A run's folder holds a result.json."
    raise UserError(f"RUN must be the folder of one run, but {folder} is not. {hint}")
