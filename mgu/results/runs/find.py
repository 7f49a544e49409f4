"""Finds the folder of a run by the name that a user gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgu.errors import UserError
from mgu.results.compare.axes import find_axes
from mgu.results.compare.differences import describe_differences
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, CONFIG_FILE, RESULT_FILE
from mgu.results.on_disk.files import default_runs_dir
from mgu.results.runs.load import Run, load_results
from mgu.results.runs.starts import join_starts
from mgu.text.nearest import did_you_mean

MOST_NAMED = 6  # runs that one message lists


def find_run(path: str | Path) -> Path:
    """Finds the folder of one run.

    Args:
        path: Path of the folder or of its result.json, or the folder's name below the runs folder, with or without
            experiment and hash, or the name that a report shows, if it fits one run only.

    Returns:
        The folder.

    Raises:
        UserError: No run fits, or several do.
    """
    runs, name = default_runs_dir(), str(path).rstrip("/")
    try:
        chosen = Path(path).expanduser()
        if chosen.is_file() and chosen.name == RESULT_FILE:
            return chosen.parent
        for folder in (chosen, runs / chosen):  # the second is an experiment, unless it fits as a name
            if name and folder.is_dir():
                return _checked(folder)
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, no such user, a null byte
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise UserError(
            f"RUN must be the folder of a finished run, but got a name that is none ({reason}). Pass another."
        ) from None
    folders = [folder for folder in sorted(runs.glob("*/*")) if folder.is_dir()]
    fitting = [folder for folder in folders if name in _names(folder)] or _find_readable(runs, name)
    if len(fitting) == 1:
        return _checked(fitting[0])
    if fitting:
        told = _tell_apart(fitting)
        how = "by what stands before the brackets" if "(" in told else "by its folder"
        raise UserError(f"RUN must name one run, but {path} fits {len(fitting)}: {told}. Name one of them {how}.")
    hint = _suggest(name, folders) or f" Its folder's name is enough if it is in {runs}."
    raise UserError(f"RUN must be the folder of a finished run, but there is no {name or 'name'}.{hint}")


def _names(folder: Path) -> list[str]:
    """Returns the names of a run: with or without its experiment and its hash."""
    name, bare, experiment = folder.name, folder.name.rpartition("-")[0], folder.parent.name
    return [f"{experiment}/{name}", name, f"{experiment}/{bare}", bare]


def _find_readable(runs: Path, text: str) -> list[Path]:
    """Finds the runs that a report or a sweep calls so, with or without the experiment and the seed."""
    experiments: dict[tuple[str, ...], list[Run]] = {}
    for run in load_results([runs]).runs if runs.is_dir() else ():
        result = run.result
        experiments.setdefault((result.experiment_name, result.dataset, result.split, result.task), []).append(run)
    matches = []
    for runs_of_one in map(join_starts, experiments.values()):
        axes = find_axes([(run.result.stem, run.result.config) for run in runs_of_one])
        for run in runs_of_one:
            if run.packed is not None:  # nothing but a report can be made of a packed run
                continue
            result = run.result
            name = axes.name(result.name, result.seed, result.config)
            if text.removeprefix(f"{result.experiment_name}/") in (name, name.removesuffix(result.replicate.suffix)):
                matches.append(run.folder)
    return sorted(matches)


def _tell_apart(folders: Sequence[Path]) -> str:
    """Lists runs that go by one name, each with what it has and the others have not."""
    differences = describe_differences(folders)
    told = [
        "/".join(folder.parts[-2:]) + (f" ({words})" if words else "")
        for folder, words in zip(folders, differences, strict=True)
    ]
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join(told[:MOST_NAMED] + more)


def _suggest(name: str, folders: Sequence[Path]) -> str:
    """Suggests a name that fits one run; of a unit, where the user named one."""
    alike = [folder for folder in folders if ("-mgu-" in folder.name) == ("mgu" in name)] or folders
    names = [each for folder in alike for each in _names(folder)]
    unique = {each for each in names if sum(each in _names(folder) for folder in folders) == 1}
    return did_you_mean(name, sorted(unique))


def _checked(folder: Path) -> Path:
    """Returns `folder` if it is a run's own; raises UserError if not."""
    if any((folder / name).exists() for name in (RESULT_FILE, CONFIG_FILE, CHECKPOINT_FILE)):
        return folder
    runs = sorted(file.parent for file in folder.rglob(RESULT_FILE))
    hint = f"Name one of the {len(runs)} below it, as {runs[0]}." if runs else "A run's folder holds a result.json."
    raise UserError(f"RUN must be the folder of one run, but {folder} is not. {hint}")
