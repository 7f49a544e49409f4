"""Loads the studies of an experiment: those that trained, and those that were replayed from recorded runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import yaml

from mgu.errors import UserError
from mgu.results.on_disk.files import make_folder, write_text
from mgu.results.on_disk.search_files import (
    CONFIRMED_FILE,
    REPLAYED_FOLDER,
    SEARCH_FOLDER,
    STUDY_FILE,
    STUDY_HISTORY_FILE,
)
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import Searches, SearchFolder
from mgu.search.budget import Budget
from mgu.search.curve import Curve, trace
from mgu.search.damage import describe_damage
from mgu.search.history import History
from mgu.search.space import Key, Point, Space
from mgu.search.spending import count_trials, spent_beyond
from mgu.search.study_file import read_described

NO_SETTINGS = ("identity", "strategy", "seed", "data", "size", "unit", "budget", "fingerprint")  # of study.yaml

# What files raise that are damaged, or that somebody made who knows the format.
UNREADABLE = (UserError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
              yaml.YAMLError)  # fmt: skip


class AnySpace(Space):
    """Reads the points of any space, whose parameters a report need not know."""

    def read(self, values: Mapping[str, Any]) -> Point:
        """Returns the values as they are."""
        return dict(values)

    def key(self, point: Mapping[str, Any]) -> Key:
        """Returns what identifies a point."""
        return tuple((name, json.dumps(value)) for name, value in point.items())


def load_curves(searches: Iterable[Searches], dataset: str, split: str) -> tuple[list[Curve], list[str]]:
    """Loads all studies of an experiment.

    Args:
        searches: Where they are: in the experiment's folder, in packs.
        dataset: Name of the data set; studies of another one are left out.
        split: How its validation data were chosen, likewise.

    Returns:
        The curves of those that have spent something, and a sentence for each study that cannot be read or lacks files.
    """
    curves, lines, data = list[Curve](), list[str](), [dataset, split]
    for folder in search_folders(searches):
        for name in folder.names if folder.is_replayed else (STUDY_FILE,):
            try:
                curves += _read_replayed(folder, name, data) if folder.is_replayed else _read_study(folder, data, lines)
            except UNREADABLE as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                lines.append(f"A study could not be read: {folder.path / name}: {reason}")
    # A budget spent before a trial had ended has found nothing, and counts; a study that has just begun does not.
    return [curve for curve in curves if curve.trials or curve.spent_s], lines


def _read_study(folder: SearchFolder, data: Sequence[str], lines: list[str]) -> list[Curve]:
    """Returns the curve of a study, if it searched runs on these data; what it lacks goes to `lines`."""
    described = read_described(folder)
    if described["data"] != data or "measure" in described:
        return []
    history = read_history(folder, described)
    curve = load_study(folder, described, history)
    lines += describe_damage(f"{curve.strategy} on {curve.space}, seed {curve.seed}", history)
    return [curve]


def _read_replayed(folder: SearchFolder, name: str, data: Sequence[str]) -> list[Curve]:
    """Returns the curves of replayed studies, if they are on these data."""
    content = json.loads(folder.read(name))
    if content["data"] != data:
        return []
    shared = {"settings": content.get("settings", {}), "fingerprint": content.get("fingerprint")}
    return [msgspec.convert({**values, **shared}, Curve) for values in content["curves"]]


def read_history(folder: SearchFolder, described: Mapping[str, Any]) -> History:
    """Reads the history of one study.

    Args:
        folder: Its folder.
        described: What its study.yaml says.

    Returns:
        The history.

    Raises:
        UserError: It is damaged.
        KeyError: Something is not said.
    """
    packed = None if folder.packed is None else folder.packed.get(STUDY_HISTORY_FILE, b"")
    space = AnySpace(described["space"]["name"], ())
    return History(folder.path / STUDY_HISTORY_FILE, space, described["identity"], packed)


def load_study(folder: SearchFolder, described: Mapping[str, Any], history: History) -> Curve:
    """Loads one study.

    Args:
        folder: Its folder.
        described: What its study.yaml says.
        history: Its history.

    Returns:
        The curve.

    Raises:
        KeyError: Something is not said.
        ValueError: It is packed, and holds other values than such files do.
    """
    space = described["space"]["name"]
    study = (described["strategy"], space, described["seed"])
    budget = Budget(**described["budget"])
    counted, _ = count_trials(history, budget)
    # Points that were stopped early can still go on: such a study has more to give.
    whole = all(trial.stop_after is None for trial in history.trials) and not history.workers
    size, is_late = described.get("size"), len(counted) < len(history.order)
    complete = whole and not is_late and size is not None and len(history.by_key) >= size
    known = (history.trials, counted, history.ask_s, history.details)
    curve = trace(study, *known, complete=complete, beyond=spent_beyond(history, budget))
    ran = {number: detail["run"] for number, detail in history.details.items() if "run" in detail}
    trained = {run for number, run in ran.items() if not history.trials[number].was_there}
    trained |= _confirmed(folder)
    settings, fingerprint = settings_of(described), described.get("fingerprint")
    curve = replace(curve, settings=settings, fingerprint=fingerprint, runs=frozenset(trained))
    if folder.packed is not None:
        msgspec.convert(asdict(curve), Curve)  # else what is no number would be found out in the midst of a report
    return curve


def _confirmed(folder: SearchFolder) -> set[str]:
    """Returns the names of the runs in which a study's best points were trained anew."""
    if CONFIRMED_FILE not in folder.names:
        return set()
    return {name for point in json.loads(folder.read(CONFIRMED_FILE))["points"] for name in point["runs"]}


def settings_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what identifies a study beside its strategy and its seed, with the number of points of its space.

    Args:
        described: What its study.yaml says.

    Returns:
        The values by key; the number of points is None where they are infinitely many.
    """
    settings = {key: value for key, value in described.items() if key not in NO_SETTINGS}
    return settings | {"points": described.get("size")}


def save_replayed(
    experiment: Path,
    name: str,
    data: Sequence[str],
    curves: Sequence[Curve],
    settings: Mapping[str, Any],
    fingerprint: str | None = None,
) -> Path:
    """Saves replayed studies, so that reports have them, too.

    Args:
        experiment: The experiment's folder.
        name: Name of the file, without its ending.
        data: Name of the data set, and the split.
        curves: The studies.
        settings: What identifies them beside their seeds, see `settings_of`.
        fingerprint: Tells whether the recorded runs were on the rows of others, see `Curve`.

    Returns:
        The file.
    """
    folder = experiment / SEARCH_FOLDER / REPLAYED_FOLDER
    make_folder(folder)
    plain = [
        {key: value for key, value in asdict(curve).items() if key not in ("settings", "runs", "fingerprint")}
        | {"least": sorted(curve.least)}
        for curve in curves
    ]
    content = {"data": list(data), "settings": dict(settings), "fingerprint": fingerprint, "curves": plain}
    write_text(folder / f"{name}.json", json.dumps(content) + "\n")
    return folder / f"{name}.json"
