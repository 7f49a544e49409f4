"""Tells a study of finished runs before its first trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mgu.errors import UserError
from mgu.results.axes import flatten
from mgu.results.fingerprints import fingerprint_of, is_same_data
from mgu.results.load import load_results
from mgu.results.result import Result
from mgu.search.costs import cost_of
from mgu.search.history import told_event
from mgu.search.outcome import tell_result
from mgu.search.space import Point
from mgu.search.strategy import Cost, Trial
from mgu.sweep.search.study_run import Search

MOST_LISTED = 10_000  # points of a space that are compared one by one
WORKER = "warm-start"
FREE = Cost(cpu_seconds=0.0, kwh={}, grams=0.0, trials=0)  # what is not charged is known to be nothing


def check_folder(folder: Path) -> None:
    """Raises UserError where there is no such folder of runs."""
    if not folder.is_dir():
        raise UserError(f"warm_start.folder must be a folder of runs, but there is no {folder}. Correct the path.")


def tell_finished(search: Search, folder: Path, charge: bool) -> int:
    """Tells the finished runs of a folder that are runs of the study's space, each as a trial.

    Args:
        search: The study; where it has trials, nothing is told, for it was told when it began.
        folder: Folder of the runs.
        charge: Whether what they cost is counted, and they count as trials of the budget.

    Returns:
        Number of trials that were told.

    Raises:
        UserError: None of the runs fits.
    """
    if search.study.has_begun:
        return 0
    results = [run.result for run in load_results([folder]).runs if run.result.status != "failed"]
    found = {search.study.space.key(point): (point, result) for point, result in _matching(search, results)}
    if not found:
        seed = "" if search.fixed_seed is None else f" with seed={search.fixed_seed}"
        raise UserError(
            f"warm_start.folder must have finished runs{seed} at points of space={search.study.space.name} and the "
            f"same data and training, but {folder} has none. Leave it out."
        )
    history = search.study.open()
    with search.study.lock():
        history.refresh()
        if history.trials:  # another process has told them
            return 0
        events: list[dict[str, Any]] = []
        for number, (point, result) in enumerate(found.values()):
            trial = Trial(number, point, "running", seed=result.seed, was_there=True)
            cost = cost_of(result) if charge else FREE
            told, details = tell_result(trial, result, cost, search.second)
            asked = {"number": number, "point": point, "seed": result.seed, "worker": WORKER, "ask_s": 0.0}
            events += [{"event": "asked", **asked, "was_there": True}, told_event(told, details)]
        history.append_all(events)
    return len(found)


def _matching(search: Search, results: list[Result]) -> Iterator[tuple[Point, Result]]:
    """Yields each result that is a run of a point, with the point."""
    space = search.study.space
    today = fingerprint_of(search.example.model_dump())
    whole = [own for own in results if not own.is_stopped and is_same_data(fingerprint_of(own.config), today)]
    if search.fixed_seed is not None:  # the study has runs of this seed only
        whole = [own for own in whole if own.seed == search.fixed_seed]
    if space.size is not None and space.size <= MOST_LISTED:
        by_identity = {result.identity: result for result in whole}
        seeds = sorted({result.seed for result in whole})
        for point in space.points():
            for seed in seeds:
                if result := by_identity.get(search.configure(point, seed, None).identity):
                    yield point, result
                    break
        return
    for result in whole:
        flat = flatten(result.config)
        names = [parameter.name for parameter in space.parameters]
        values = {name: flat.get(name, flat.get(f"{name}.name")) for name in names}
        try:
            point = space.read({name: value for name, value in values.items() if value is not None})
            if search.configure(point, result.seed, None).identity == result.identity:
                yield point, result
        except (ValueError, UserError):
            continue
