"""Loads the studies of an experiment: those that trained, and those that were replayed from recorded runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from mgu.errors import UserError
from mgu.results.files import make_folder, write_text
from mgu.search.curve import Curve, Step, trace
from mgu.search.history import HISTORY_FILE, History
from mgu.search.space import Key, Point, Space
from mgu.search.study import FOLDER, STUDY_FILE

REPLAYED = "replayed"  # folder below FOLDER


class AnySpace(Space):
    """Reads the points of any space, whose parameters a report need not know."""

    def read(self, values: Mapping[str, Any]) -> Point:
        """Returns the values as they are."""
        return dict(values)

    def key(self, point: Mapping[str, Any]) -> Key:
        """Returns what identifies a point."""
        return tuple((name, json.dumps(value)) for name, value in point.items())


def load_curves(experiment: Path, dataset: str, split: str) -> tuple[list[Curve], list[str]]:
    """Loads all studies of an experiment.

    Args:
        experiment: The experiment's folder.
        dataset: Name of the data set; studies of another one are left out.
        split: How its validation data were chosen, likewise.

    Returns:
        The curves, and a line for each study that cannot be read.
    """
    curves, skipped = list[Curve](), list[str]()
    for file in sorted(experiment.glob(f"{FOLDER}/*/{STUDY_FILE}")):
        try:
            described = yaml.safe_load(file.read_text(encoding="utf-8"))
            if described["data"] == [dataset, split]:
                curves.append(_load_study(file, described))
        except (UserError, OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
            skipped.append(f"{file}: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
    for file in sorted(experiment.glob(f"{FOLDER}/{REPLAYED}/*.json")):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["data"] == [dataset, split]:
                curves += [_read_curve(own) for own in content["curves"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            skipped.append(f"{file}: {error}")
    return [curve for curve in curves if curve.trials], skipped


def _load_study(file: Path, described: Mapping[str, Any]) -> Curve:
    space = described["space"]["name"]
    history = History(file.parent / HISTORY_FILE, AnySpace(space, ()), described["identity"])
    study = (described["strategy"], space, described["seed"])
    # Points that were stopped early can still go on: such a study has more to give.
    whole = all(trial.stop_after is None for trial in history.trials)
    complete = whole and described.get("size") is not None and len(history.by_key) >= described["size"]
    return trace(study, history.trials, history.order, history.ask_s, history.details, complete=complete)


def save_replayed(experiment: Path, name: str, data: Sequence[str], curves: Sequence[Curve]) -> Path:
    """Saves replayed studies, so that reports have them, too.

    Args:
        experiment: The experiment's folder.
        name: Name of the file, without its ending.
        data: Name of the data set, and the split.
        curves: The studies.

    Returns:
        The file.
    """
    folder = experiment / FOLDER / REPLAYED
    make_folder(folder)
    write_text(
        folder / f"{name}.json", json.dumps({"data": list(data), "curves": [asdict(curve) for curve in curves]}) + "\n"
    )
    return folder / f"{name}.json"


def _read_curve(values: Mapping[str, Any]) -> Curve:
    return Curve(**{**values, "steps": tuple(Step(**own) for own in values["steps"])})
