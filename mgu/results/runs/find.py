"""Finds the folder of a run by the name that a user gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from shlex import quote

from mgu.errors import UserError
from mgu.results.compare.axes import find_axes
from mgu.results.compare.differences import describe_differences
from mgu.results.on_disk.closed import check_readable
from mgu.results.on_disk.file_names import CHECKPOINT_FILE, CONFIG_FILE, PACK_FILE, RESULT_FILE
from mgu.results.on_disk.files import default_runs_dir, name_below, places_of
from mgu.results.runs.load import Run, load_results
from mgu.results.runs.starts import join_starts
from mgu.text.nearest import did_you_mean, nearest

MOST_NAMED = 6  # runs that one message lists


def find_run(path: str | Path) -> Path:
    """Finds the folder of one run.

    Args:
        path: Path of the folder or of its result.json, or the folder's name below the runs folder, with or without
            `runs/`, experiment and hash, or the name that a report shows, if it fits one run only. Such a name may
            stand behind the folder of an experiment elsewhere, too.

    Returns:
        The folder.

    Raises:
        UserError: No run fits, or several do, or this user cannot read it.
    """
    runs, typed = default_runs_dir(), str(path).rstrip("/")
    try:
        chosen, elsewhere = Path(path).expanduser(), None
        for place in places_of(chosen):  # below the runs folder it is an experiment, unless it fits as a name
            if place.name == RESULT_FILE and place.is_file():
                return place.parent
            if typed and place.is_dir():
                if _is_run(place):
                    return place
                elsewhere = elsewhere or place  # a folder of something else does not hide a run of its name
            elif place.name == PACK_FILE and place.is_file():
                elsewhere = elsewhere or place.parent
    except PermissionError as error:  # below a folder that cannot be entered
        check_readable(Path(error.filename))
        raise
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, no such user, a null byte
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise UserError(
            f"RUN must be the folder of a finished run, but got a name that is none ({reason}). Pass another."
        ) from None
    name = str(name_below(chosen)) if typed else ""
    folders = [folder for folder in sorted(runs.glob("*/*")) if folder.is_dir()]
    near = _runs_beside(chosen, runs)
    fitting, readable = _fit(chosen.name, near, chosen.parent)
    names_near = {each for folder in near for each in (*_names(folder), *readable.get(folder.resolve(), []))}
    beside = chosen.parent if fitting else None
    if not fitting:
        fitting, readable = _fit(name, folders, runs)
    if len(fitting) == 1:
        if _is_run(fitting[0]):
            return fitting[0]
        raise _no_run(fitting[0])
    if fitting:
        told = _tell_apart(fitting, beside)
        how = "by what stands before the brackets" if "(" in told else "by its folder"
        raise UserError(f"RUN must name one run, but {path} fits {len(fitting)}: {told}. Name one of them {how}.")
    if elsewhere:
        raise _no_run(elsewhere)
    known = {folder: [*_names(folder), *readable.get(folder.resolve(), [])] for folder in folders}
    raise _none_beside(typed, chosen, names_near) if near else _none_below(runs, typed, name, known)


def _runs_beside(chosen: Path, runs: Path) -> list[Path]:
    """Returns the runs of the folder in which a user looks for one, if that is an experiment kept elsewhere."""
    if not chosen.name or chosen.parent.resolve().is_relative_to(runs.resolve()):
        return []
    return sorted(file.parent for file in chosen.parent.glob(f"*/{RESULT_FILE}"))


def _fit(name: str, folders: Sequence[Path], where: Path) -> tuple[list[Path], dict[Path, list[str]]]:
    """Returns which of the folders of runs go by a name, and what reports call each, if that had to be read."""
    if not folders:
        return [], {}
    if fitting := [folder for folder in folders if name in _names(folder)]:
        return fitting, {}
    readable = _read_names(where)
    return sorted(folder for folder, names in readable.items() if name in names), readable


def _none_below(runs: Path, typed: str, name: str, known: Mapping[Path, Sequence[str]]) -> UserError:
    """Returns what to raise where no run of the runs folder has a name."""
    hint = _suggest(name, known) or f" Its folder's name is enough if it is in {runs}."
    return UserError(f"RUN must be the folder of a finished run, but there is no {typed or 'name'}.{hint}")


def _none_beside(typed: str, chosen: Path, names: Collection[str]) -> UserError:
    """Returns what to raise where an experiment that is there has no run of the name that was typed."""
    similar, experiment = nearest(chosen.name, sorted(name for name in names if "/" not in name)), chosen.parent
    own = f"Did you mean {quote(str(experiment / similar))}?" if similar else ""
    hint = own or f"mgu-run report {quote(str(experiment))} names those that are there."
    return UserError(f"RUN must be the folder of a finished run, but there is no {typed}. {hint}")


def _names(folder: Path) -> list[str]:
    """Returns the names of a run: with or without its experiment and its hash."""
    name, bare, experiment = folder.name, folder.name.rpartition("-")[0], folder.parent.name
    return [f"{experiment}/{name}", name, f"{experiment}/{bare}", bare]


def _read_names(runs: Path) -> dict[Path, list[str]]:
    """Returns what a report or a sweep calls each run, with or without the experiment and the seed, by its folder."""
    experiments: dict[tuple[str, ...], list[Run]] = {}
    for run in load_results([runs]).runs if runs.is_dir() else ():
        result = run.result
        experiments.setdefault((result.experiment_name, result.dataset, result.split, result.task), []).append(run)
    names_of: dict[Path, list[str]] = {}
    for runs_of_one in map(join_starts, experiments.values()):
        axes = find_axes([(run.result.stem, run.result.config) for run in runs_of_one])
        for run in runs_of_one:
            if run.packed is not None:  # nothing but a report can be made of a packed run
                continue
            result = run.result
            name = axes.name(result.name, result.seed, result.config)
            names = [name, name.removesuffix(result.replicate.suffix)]
            names_of[run.folder] = [f"{result.experiment_name}/{name}" for name in names] + names
    return names_of


def _tell_apart(folders: Sequence[Path], beside: Path | None) -> str:
    """Lists runs that go by one name, each by what leads to it and with what it has and the others have not."""
    told = [
        _leading_to(folder, beside) + (f" ({words})" if words else "")
        for folder, words in zip(folders, describe_differences(folders), strict=True)
    ]
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join(told[:MOST_NAMED] + more)


def _leading_to(folder: Path, beside: Path | None) -> str:
    """Returns what a user types for a run: its name below the runs folder, else behind the path that was typed."""
    if beside is None:
        return "/".join(folder.parts[-2:])
    return quote(str(beside / folder.resolve().relative_to(beside.resolve())))


def _suggest(name: str, known: Mapping[Path, Sequence[str]]) -> str:
    """Suggests a name that fits one run: of the experiment and of the kind that the user named, if there is one."""
    counts = Counter(each for names in known.values() for each in set(names))
    of_experiment = [folder for folder in known if name.startswith(f"{folder.parent.name}/")]
    for folders in (of_experiment, list(known)):
        alike = [folder for folder in folders if ("-mgu-" in folder.name) == ("mgu" in name)] or folders
        unique = {each for folder in alike for each in known[folder] if counts[each] == 1}
        if hint := did_you_mean(name, sorted(unique)):
            return hint
    return ""


def _is_run(folder: Path) -> bool:
    check_readable(folder)
    return any((folder / name).exists() for name in (RESULT_FILE, CONFIG_FILE, CHECKPOINT_FILE))


def _no_run(folder: Path) -> UserError:
    """Returns what to raise for a folder that is no run's own."""
    runs = sorted(file.parent for file in folder.rglob(RESULT_FILE))
    hint = f"Name one of the {len(runs)} below it, as {runs[0]}." if runs else "A run's folder holds a result.json."
    if not runs and (folder / PACK_FILE).is_file():
        hint = f"Its {PACK_FILE} has results for report and diff, and no weights: name the folder that was packed."
    return UserError(f"RUN must be the folder of one run, but {folder} is not. {hint}")
