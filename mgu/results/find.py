"""Finds the folder of one run by what a user calls it."""

from __future__ import annotations

from pathlib import Path

from mgu.errors import UserError, did_you_mean
from mgu.results.files import default_runs_dir
from mgu.results.folder import CHECKPOINT_FILE
from mgu.results.result import CONFIG_FILE, RESULT_FILE


def find_run(path: str | Path) -> Path:
    """The folder of one run: a path to it or to its result.json, or its folder's name below the runs folder, with or
    without experiment and hash, if that fits one run only.
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
    """What a run may be called by: with experiment and hash, or without one of them, or both."""
    name, bare, experiment = folder.name, folder.name.rpartition("-")[0], folder.parent.name
    return [f"{experiment}/{name}", name, f"{experiment}/{bare}", bare]


def _checked(folder: Path) -> Path:
    """`folder` if it is a run's own."""
    if any((folder / name).exists() for name in (RESULT_FILE, CONFIG_FILE, CHECKPOINT_FILE)):
        return folder
    runs = sorted(found.parent for found in folder.rglob(RESULT_FILE))
    hint = f"Name one of the {len(runs)} below it, as {runs[0]}." if runs else "A run's folder holds a result.json."
    raise UserError(f"RUN must be the folder of one run, but {folder} is not. {hint}")
