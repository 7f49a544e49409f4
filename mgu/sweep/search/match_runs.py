"""Finds the point of a search space that a finished run is a run of.

A run says what it was trained with, and not by which words: of a group, such as mgu=lean, it holds the fields. So each
choice is composed, and the one whose values the run has is taken. What a study of the same folder has trained stands in
its history, with the point, which serves spaces whose parameters are no keys, such as density.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from mgu.errors import UserError
from mgu.results.compare.axes import Flat, complete_values, flatten, is_outside_identity
from mgu.results.on_disk.search_files import STUDY_HISTORY_FILE
from mgu.results.runs.search_folders import search_folders
from mgu.results.runs.searches import Searches, SearchFolder
from mgu.results.schema.result import Result
from mgu.search.parameters.bounds import Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Point, is_active
from mgu.sweep.search.study_run import StudyRun

MOST_TRIED = 20  # points for one run: choices may differ in what a later parameter sets
LACKS = "(lacks it)"


class PointFinder:
    """Finds points of runs.

    Args:
        study_run: The study, which composes points.
        searches: Where the histories of the studies are that trained some of the runs.
    """

    def __init__(self, study_run: StudyRun, searches: Iterable[Searches]) -> None:
        self._study_run, self._space = study_run, study_run.study.space
        self._told = _read_points(searches)
        self._composed: dict[str, list[tuple[Any, Flat]]] = {}

    def find(self, result: Result) -> Point | None:
        """Returns the point; None: it is a run of none."""
        told = self._read(self._told.get(result.folder_name, ()))
        candidates = chain(told, self._extend(0, {}, complete_values(result.config)))
        return next((point for point in islice(candidates, MOST_TRIED) if self._is_of(point, result)), None)

    def _read(self, points: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
        """Yields those of the points in histories that are points of this space."""
        for point in points:
            try:
                yield self._space.read(point)
            except ValueError:  # of another space
                continue

    def _is_of(self, point: Point, result: Result) -> bool:
        try:
            config = self._study_run.settings.configure(point, result.seed, None)
        except UserError:
            return False
        return config.identity == result.identity and self._space.is_legal(point)

    def _extend(self, index: int, point: Point, flat: Flat) -> Iterator[Point]:
        """Yields the points that begin like this one and have the values of a run, parameter by parameter."""
        if index == len(self._space.parameters):
            yield point
            return
        parameter = self._space.parameters[index]
        if not is_active(parameter, point):
            yield from self._extend(index + 1, point, flat)
            return
        for value in self._values(parameter, point, flat):
            yield from self._extend(index + 1, point | {parameter.name: value}, flat)

    def _values(self, parameter: Parameter, point: Point, flat: Flat) -> Sequence[Any]:
        """Returns the values of an active parameter that a run may have."""
        key = _key(parameter)
        value = flat.get(key, LACKS)
        if isinstance(parameter, Int) and isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            return [parameter.read(value)]
        except (ValueError, TypeError):
            if not isinstance(parameter, Categorical | Ordinal):
                return []
        if not any(_is_below(other, [key]) for other in flat):  # no configuration has it: it chooses among grids
            return parameter.values
        return self._choices(parameter, point, flat)

    def _choices(self, parameter: Categorical | Ordinal, point: Point, flat: Flat) -> list[Any]:
        """Returns the choices that set what a run has, but for the single keys that other parameters set."""
        composed = self._compose(parameter, point)
        others = [key for other in self._space.parameters if "." in (key := _key(other)) and key != _key(parameter)]
        keys = {key for _, values in composed for key in values if not _is_below(key, others)}
        differing = [key for key in keys if len({_text(values, key) for _, values in composed}) > 1]
        return [
            choice for choice, values in composed if all(_text(values, key) == _text(flat, key) for key in differing)
        ]

    def _compose(self, parameter: Categorical | Ordinal, point: Point) -> list[tuple[Any, Flat]]:
        """Returns each choice with what a run has by it, all that it does not depend on being at its default."""
        above = self._ancestors(parameter, point)
        known = self._composed.setdefault(f"{parameter.name} {above}", [])
        if not known:
            for choice in parameter.choices:
                try:
                    config = self._study_run.settings.configure(
                        self._space.canonical(above | {parameter.name: choice}), 0, None
                    )
                except UserError:  # it is no legal run beside the defaults
                    continue
                values = flatten(config.model_dump(mode="json"))
                known.append((choice, {key: value for key, value in values.items() if not is_outside_identity(key)}))
        return known

    def _ancestors(self, parameter: Parameter, point: Point) -> Point:
        """Returns the values of the parameters that this one depends on."""
        by_name = {other.name: other for other in self._space.parameters}
        ancestors: Point = {}
        while parameter.when:
            parameter = by_name[parameter.when.name]
            ancestors[parameter.name] = point[parameter.name]
        return ancestors


def _key(parameter: Parameter) -> str:
    return parameter.name.partition("@")[0].lstrip("+")


def _is_below(key: str, others: Sequence[str]) -> bool:
    return any(key == other or key.startswith(f"{other}.") for other in others)


def _text(flat: Flat, key: str) -> str:
    """Returns a value so that equal ones are equal: 1 and 1.0 are, true and 1 are not; infinity is null in a file."""
    value = flat.get(key, LACKS)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return repr(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return repr(value) if isinstance(value, int) or math.isfinite(value) else repr(None)


def _read_points(searches: Iterable[Searches]) -> dict[str, list[dict[str, Any]]]:
    """Returns by the name of a run's folder the points that the studies of experiments tried with it."""
    points: dict[str, list[dict[str, Any]]] = {}
    for study in search_folders(searches):
        for run, point in _read_history(study):
            points.setdefault(run, []).append(point)
    return points


def _read_history(study: SearchFolder) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields each run that a study was told of, with its point; what cannot be read is left out."""
    points: dict[int, dict[str, Any]] = {}
    try:
        lines = study.read(STUDY_HISTORY_FILE).splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        try:
            event = json.loads(line)
            if event["event"] == "asked":
                points[event["number"]] = dict(event["point"])
            elif event["event"] == "told":
                yield event["details"]["run"], points[event["number"]]
        except (ValueError, KeyError, TypeError):
            continue
