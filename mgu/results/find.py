"""Finds the folder of a run by the name that a user gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from mgu.errors import UserError, did_you_mean
from mgu.results.axes import Axes, find_axes, write_value
from mgu.results.file_names import CHECKPOINT_FILE, CONFIG_FILE, RESULT_FILE
from mgu.results.files import default_runs_dir
from mgu.results.load import Run, load_results
from mgu.results.result import Result, read_result

MOST_NAMED = 6  # runs in one message


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
    chosen = Path(path).expanduser()
    if chosen.is_file() and chosen.name == RESULT_FILE:
        return chosen.parent
    if chosen.is_dir():
        return _checked(chosen)
    runs, text = default_runs_dir(), str(path).rstrip("/")
    folders = [folder for folder in sorted(runs.glob("*/*")) if folder.is_dir()]
    fitting = [folder for folder in folders if text in _names(folder)] or _find_readable(runs, text)
    if len(fitting) == 1:
        return _checked(fitting[0])
    if fitting:
        more = f", and {len(fitting) - MOST_NAMED} more" if len(fitting) > MOST_NAMED else ""
        candidates = ", ".join(_describe(fitting)[:MOST_NAMED])
        raise UserError(
            f"RUN must name one run, but {path} fits {len(fitting)}: {candidates}{more}. "
            "Name one of them by what stands before the brackets."
        )
    names = Counter(name for folder in folders for name in _names(folder))
    clear = [name for name, number in names.items() if number == 1 and ("mgu" not in text or "-mgu-" in name)]
    hint = did_you_mean(text, clear) or f" Its folder's name is enough if it is in {runs}."
    raise UserError(f"RUN must be the folder of a finished run, but there is no {path}.{hint}")


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
    found = []
    for own in experiments.values():
        axes = _axes([run.result for run in own])
        for run in own:
            name = axes.name(run.result.name, run.result.seed, run.result.config)
            if text.removeprefix(f"{run.result.experiment_name}/") in (name, name.removesuffix(f"-s{run.result.seed}")):
                found.append(run.folder)
    return sorted(found)


def _axes(results: Sequence[Result]) -> Axes:
    return find_axes([(result.name.removesuffix(f"-s{result.seed}"), result.config) for result in results])


def _describe(folders: Sequence[Path]) -> list[str]:
    """Names folders by experiment and hash, with the data set and what tells the runs apart in brackets."""
    results: dict[Path, Result] = {}
    for folder in folders:
        with suppress(ValueError):  # a run that is not over
            results[folder] = read_result(folder / RESULT_FILE)
    axes, named = _axes(list(results.values())), []
    for folder in folders:
        known = ["not finished"]
        if result := results.get(folder):
            values = axes.values(result.config)
            known = [result.dataset, *(f"{key}={write_value(value)}" for key, value in values.items())]
        named.append(f"{'/'.join(folder.parts[-2:])} ({', '.join(known)})")
    return named


def _checked(folder: Path) -> Path:
    """Returns `folder` if it is a run's own; raises UserError if not."""
    if any((folder / name).exists() for name in (RESULT_FILE, CONFIG_FILE, CHECKPOINT_FILE)):
        return folder
    runs = sorted(found.parent for found in folder.rglob(RESULT_FILE))
    hint = f"Name one of the {len(runs)} below it, as {runs[0]}." if runs else "A run's folder holds a result.json."
    raise UserError(f"RUN must be the folder of one run, but {folder} is not. {hint}")
