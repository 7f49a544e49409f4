"""Searches over recorded runs: what thousands of searches would have found and cost, without training anything.

A replayed trial is charged what the run cost when it was recorded. Each study takes the runs of one recorded seed.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import Any

from mgu.errors import UserError
from mgu.results.schema.result import Result
from mgu.search.budget import Budget, Spent
from mgu.search.clock import amounts
from mgu.search.costs import cost_of
from mgu.search.curve import Beyond, Curve, trace
from mgu.search.outcome import tell_result
from mgu.search.propose import propose
from mgu.search.space import Key, Point, Space
from mgu.search.spaces.grid import GridSpace
from mgu.search.spending import share_within
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost, Trial, generator_for
from mgu.search.usable import count_obstacles, ways_out

LEAST_STUDIES = 20  # in each process


@dataclass(frozen=True)
class Record:
    """Holds one recorded run as a trial has it."""

    score: float | None
    second: float | None
    cost: Cost
    epochs: int
    details: Mapping[str, Any]


Records = Mapping[int, Mapping[Key, Record]]  # by seed and point


def find_records(
    space: Space,
    results: Sequence[Result],
    identity_of: Callable[[Point, int], str],
    second: str | None,
    seeds: Sequence[int] | None = None,
    lost: Sequence[tuple[Result, str]] = (),
) -> Records:
    """Finds the recorded runs of a space.

    Args:
        space: A finite space.
        results: Finished runs.
        identity_of: Returns the identity of the run of a point with a seed.
        second: Name of the second objective.
        seeds: The seeds to take; None: all for which every point has a run.
        lost: Finished runs that cannot be taken, each with the obstacle, see usable.py.

    Returns:
        The runs by seed and point.

    Raises:
        UserError: The space is infinite, or there is no seed with a run of every point.
    """
    if space.size is None:
        raise UserError(
            f"search.replay must have a space of finitely many points, but space={space.name} has infinitely many. "
            "Pass space=grid, or leave search.replay out."
        )
    by_identity = {result.identity: result for result in results}
    points = list(space.points())
    records: dict[int, dict[Key, Record]] = {}
    most: dict[int, int] = {}
    for seed in seeds or sorted({result.seed for result in results}):
        by_key = {space.key(point): by_identity.get(identity_of(point, seed)) for point in points}
        most[seed] = sum(result is not None for result in by_key.values())
        if most[seed] == len(points):
            records[seed] = {key: _record(result, second) for key, result in by_key.items() if result}
    if not records:
        best = max(most.values(), default=0)
        wanted = {identity_of(point, seed) for seed in seeds or {result.seed for result, _ in lost} for point in points}
        obstacles = [obstacle for result, obstacle in lost if result.identity in wanted]
        others = f", beside {count_obstacles(obstacles)}" if obstacles else ""
        how = "leave search, space and budget out"  # a sweep trains a grid
        if not isinstance(space, GridSpace):
            how = f"pass search=grid space={space.name}, and leave search.replay and budget out"
        raise UserError(
            f"search.replay must have a recorded run of each of the {len(points)} points with one seed at least, but "
            f"the most that a seed has is {best}{others}. {ways_out(obstacles) or 'Train them first'}: {how}."
        )
    return records


def _record(result: Result, second: str | None) -> Record:
    trial, details = tell_result(Trial(0, {}, "running"), result, cost_of(result), second)
    return Record(trial.score, trial.second, trial.cost, result.epochs, details)


@dataclass(frozen=True)
class Replay:
    """Holds what is searched again and again.

    Attributes:
        space: The space.
        records: Its recorded runs.
        strategy: Name of the strategy.
        options: Its options.
        budget: The resolved budget.
        per_cost: Whether the strategy takes what promises most for its cost.
    """

    space: Space
    records: Records
    strategy: str
    options: Mapping[str, Any]
    budget: Budget
    per_cost: bool = False


def replay(replayed: Replay, seeds: Sequence[int], processes: int = 1) -> list[Curve]:
    """Searches once for each seed.

    Args:
        replayed: What is searched.
        seeds: Seeds of the studies.
        processes: How many processes share the studies.

    Returns:
        The curves in the order of the seeds.
    """
    count = min(processes, len(seeds) // LEAST_STUDIES)
    if count < 2:
        return [replay_one(replayed, seed) for seed in seeds]
    with get_context().Pool(count, initializer=_leave_signals_to_the_parent) as pool:
        return pool.map(partial(replay_one, replayed), seeds, chunksize=LEAST_STUDIES // 2)


def _leave_signals_to_the_parent() -> None:
    """Has a process of a pool end without a word where the command is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def replay_one(replayed: Replay, seed: int) -> Curve:
    """Searches once.

    Args:
        replayed: What is searched.
        seed: Seed of the study, from which the recorded seed is drawn, too.

    Returns:
        The curve.
    """
    space, spent = replayed.space, Spent()
    recorded = sorted(replayed.records)
    records = replayed.records[recorded[generator_for(seed, 0, "recorded").randrange(len(recorded))]]
    strategy = build_strategy(replayed.strategy, space, seed, replayed.options, replayed.per_cost)
    trials, tried = list[Trial](), dict[Key, None]()
    ask_s: dict[int, float] = {}
    details: dict[int, Mapping[str, Any]] = {}
    complete, beyond = False, Beyond()
    while not replayed.budget.reached(spent):
        begun = time.perf_counter()
        proposal = propose(strategy, space, seed, trials, tried)
        asked_s = time.perf_counter() - begun
        if proposal is None:
            complete = True
            break
        record = records[key := space.key(proposal.point)]
        after = spent.plus(record.cost, asked_s)
        if replayed.budget.exceeded(after):  # the trial was under way when the budget ended
            share = share_within(replayed.budget, spent, after)
            costs = amounts(record.cost, asked_s, record.details.get("to_solution_s"))
            until = spent.seconds + share * (after.seconds - spent.seconds)
            beyond = Beyond(until, {name: share * value for name, value in costs.items()})
            break
        number, spent = len(trials), after
        tried[key] = None
        ask_s[number], details[number] = asked_s, record.details
        trial = Trial(number, proposal.point, "told", record.score, record.second, record.cost, record.epochs)
        state = replace(trial, state="told" if record.score is not None else "failed", ended=number, after=number)
        trials.append(state)
    complete = complete or len(tried) == len(records)
    study = (replayed.strategy, space.name, seed)
    return trace(study, trials, range(len(trials)), ask_s, details, "replayed", complete, beyond)
