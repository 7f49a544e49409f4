"""Tells a study of finished runs before its first trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mgu.console.text import count, print_line
from mgu.errors import UserError
from mgu.results.runs.load import load_results
from mgu.results.runs.searches import Searches, find_searches
from mgu.results.schema.result import Result
from mgu.search.budget import Budget
from mgu.search.costs import cost_of
from mgu.search.history import told_event
from mgu.search.outcome import tell_result
from mgu.search.space import Key, Point
from mgu.search.spending import spent_in_all
from mgu.search.strategy import Cost, Trial
from mgu.search.usable import as_of_today, count_obstacles, find_obstacle, ways_out
from mgu.sweep.search.match_runs import PointFinder
from mgu.sweep.search.study_run import StudyRun

MOST_LISTED = 10_000  # points of a space that are compared one by one
WORKER = "warm-start"
FREE = Cost(cpu_seconds=0.0, kwh={}, grams=0.0, trials=0)  # what is not charged is known to be nothing


def check_folder(folder: Path) -> None:
    """Checks that there is a folder of runs to start from.

    Args:
        folder: The folder.

    Raises:
        UserError: There is none.
    """
    if not folder.is_dir():
        raise UserError(f"warm_start.folder must be a folder of runs, but there is no {folder}. Correct the path.")


def tell_finished(study_run: StudyRun, folder: Path, charge: bool) -> int:
    """Tells the finished runs of a folder that are runs of the study's space, each as a trial.

    Args:
        study_run: The study; where it has trials, nothing is told, for it was told when it began.
        folder: Folder of the runs.
        charge: Whether what they cost is counted, and they count as trials of the budget.

    Returns:
        Number of trials that were told.

    Raises:
        UserError: None of the runs fits.
    """
    if study_run.study.has_begun:
        return 0
    loaded = load_results([folder])
    searches = [*find_searches([folder]), *loaded.packed_searches]
    finished = [run.result for run in loaded.runs if run.result.status != "failed"]
    results = list({result.identity: result for result in finished}.values())
    today = study_run.example.model_dump(mode="json")
    known_by = [(result, find_obstacle(result, today)) for result in results]
    lost = [(as_of_today(result, obstacle, today), obstacle) for result, obstacle in known_by if obstacle is not None]
    fitting = list(_matching(study_run, searches, [result for result, obstacle in known_by if obstacle is None]))
    by_key: dict[Key, tuple[Point, Result]] = {}
    for point, result in fitting:
        by_key.setdefault(study_run.study.space.key(point), (point, result))
    obstacles = _obstacles(study_run, searches, lost)
    if not by_key:
        raise UserError(_describe_none(study_run, folder, obstacles))
    history = study_run.study.open()
    with study_run.study.lock():
        history.refresh()
        if history.trials:  # another process has told them
            return 0
        history.append_all(_events(by_key.values(), charge, study_run.settings.second))
    if line := _describe_left_out(study_run, folder, obstacles, len(results), len(fitting), len(by_key)):
        print_line(line)
    return len(by_key)


def describe_used_up(study_run: StudyRun, told: int) -> str:
    """Says that runs which were told used up the budget, where they did.

    Args:
        study_run: The study, which was told them.
        told: Number of the runs.

    Returns:
        A sentence; empty where there is something left to search with.
    """
    budget = study_run.study.budget
    name = budget.reached(spent_in_all(study_run.study.open()))
    if name is None:
        return ""
    runs = f"the {told} told runs use" if told > 1 else "the told run uses"
    limit = Budget(**{name: budget.given[name]}).describe()  # type: ignore[arg-type]  # as many as it is given
    return (
        f"{runs} up the budget of {limit}, so nothing is searched. Pass warm_start.charge=false or a larger "
        f"budget.{name}."
    )


def _events(matches: Iterable[tuple[Point, Result]], charge: bool, second: str | None) -> list[dict[str, Any]]:
    """Returns the events of a study's history that tell it of runs."""
    events: list[dict[str, Any]] = []
    for number, (point, result) in enumerate(matches):
        trial = Trial(number, point, "running", seed=result.seed, was_there=True)
        told, details = tell_result(trial, result, cost_of(result) if charge else FREE, second)
        asked = {"number": number, "point": point, "seed": result.seed, "worker": WORKER, "ask_s": 0.0}
        events += [{"event": "asked", **asked, "was_there": True}, told_event(told, details)]
    return events


def _matching(
    study_run: StudyRun, searches: Sequence[Searches], results: Sequence[Result]
) -> Iterator[tuple[Point, Result]]:
    """Yields each result that is a run of a point with a seed of the study's; of one point, the lowest seed first."""
    space = study_run.study.space
    if study_run.settings.fixed_seed is not None:
        results = [result for result in results if result.seed == study_run.settings.fixed_seed]
    if space.size is None or space.size > MOST_LISTED:
        finder = PointFinder(study_run, searches)
        by_seed = sorted(results, key=lambda result: result.seed)
        yield from ((point, result) for result in by_seed if (point := finder.find(result)) is not None)
        return
    by_identity = {result.identity: result for result in results}
    seeds = sorted({result.seed for result in results})
    for point in space.points():
        for seed in seeds:
            if result := by_identity.get(study_run.settings.configure(point, seed, None).identity):
                yield point, result


def _obstacles(study_run: StudyRun, searches: Sequence[Searches], lost: Sequence[tuple[Result, str]]) -> list[str]:
    """Returns the obstacles of those runs that would be told without: others are at no point anyway."""
    if not lost:
        return []
    fitting = {result.identity for _, result in _matching(study_run, searches, [result for result, _ in lost])}
    return [obstacle for result, obstacle in lost if result.identity in fitting]


def _describe_none(study_run: StudyRun, folder: Path, obstacles: Sequence[str]) -> str:
    """Says that no finished run can be told, and which could be if it were not for an obstacle."""
    has = f"has none but {count_obstacles(obstacles)}" if obstacles else "has none"
    way_out = f"{ways_out(obstacles)}, or leave it out" if obstacles else "Leave it out"
    seed = "" if study_run.settings.fixed_seed is None else f" with seed={study_run.settings.fixed_seed}"
    return (
        f"warm_start.folder must have finished runs{seed} at points of space={study_run.study.space.name} and the "
        f"same data and training, but {folder} {has}. {way_out}."
    )


def _describe_left_out(
    study_run: StudyRun, folder: Path, obstacles: Sequence[str], finished: int, fitting: int, told: int
) -> str:
    """Says how many of the finished runs of a folder the study is not told, and why; empty where it is told all."""
    seed = "" if study_run.settings.fixed_seed is None else f" and seed={study_run.settings.fixed_seed}"
    parts = [count_obstacles(obstacles)] if obstacles else []
    if others := finished - len(obstacles) - fitting:
        parts.append(
            f"{others} at no point of space={study_run.study.space.name} with the same data and training{seed}"
        )
    if fitting > told:
        parts.append(f"{fitting - told} at a point that is told with another seed")
    return f"not told of {count(finished, 'finished run')} in {folder}: {', '.join(parts)}" if parts else ""
