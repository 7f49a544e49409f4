"""Greedy best-first search over the neighbours of points (Zhang et al. 2019, G-BFS).

https://arxiv.org/abs/1909.10616. The best point that has not been expanded is expanded: some of its neighbours that
nobody has tried, drawn at random, are tried next. Failed points are never expanded.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mgu.search.space import Key, Point, Space
from mgu.search.strategies.known_trials import begins_with, known_at
from mgu.search.strategies.options import read_options
from mgu.search.strategies.restart import random_points, restart_points
from mgu.search.strategy import Trial, generator_for

DEFAULTS = {"rho": 5, "startup": 0}


class GreedyBestFirst:
    """Asks for neighbours of the best point.

    Args:
        space: What it searches.
        seed: Seed of the study.
        options: rho, the number of neighbours of one expansion; 0: all of them. startup, the number of random points
            that are tried first; 0, as published: the start of the space.
    """

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.space, self.seed = space, seed
        read = read_options("gbfs", options, DEFAULTS)
        self.rho: int = read["rho"]
        self.startup: int = read["startup"]
        self._forget()

    def _forget(self) -> None:
        self._seen: list[Trial] = []  # the history as it was read, whose expansions are those below
        self._expanded: set[int] = set()  # numbers of trials
        self._tried: set[Key] = set()
        self._wanted: list[Point] = []  # neighbours of the last expansion that are still to be tried

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns neighbours of the best points that have not been expanded."""
        if not begins_with(history, self._seen):
            self._forget()
        for index in range(len(self._seen), len(history)):
            self._follow(history, index)
        self._seen = list(history)
        expanded, wanted, tried = set(self._expanded), list(self._wanted), set(self._tried)
        known = known_at(history, len(history))
        while len(wanted) < number:
            more = self._expand(known, len(history) + len(wanted), expanded, tried | {*map(self.space.key, wanted)})
            if not more:
                break
            wanted += more
        return wanted[:number]

    def _follow(self, history: Sequence[Trial], index: int) -> None:
        """Repeats what led to a trial, and takes it off what is wanted."""
        if not self._wanted:
            self._wanted = self._expand(known_at(history, index), index, self._expanded, self._tried)
        key = self.space.key(history[index].point)
        at = next((i for i, point in enumerate(self._wanted) if self.space.key(point) == key), 0)
        del self._wanted[at : at + 1]
        self._tried.add(key)

    def _expand(self, known: Sequence[Trial], number: int, expanded: set[int], tried: set[Key]) -> list[Point]:
        """Returns the next points to try and notes what was expanded; one drawn at random where nothing can be."""
        generator = generator_for(self.seed, number)
        if number < self.startup:
            return random_points(self.space, generator, tried)
        queue = [(-trial.score, trial.number, trial.point) for trial in known if trial.score is not None]
        heapq.heapify(queue)
        while queue:
            _, trial_number, point = heapq.heappop(queue)
            if trial_number in expanded:
                continue
            expanded.add(trial_number)
            left = [neighbour for neighbour in self.space.neighbours(point) if self.space.key(neighbour) not in tried]
            if left:
                generator.shuffle(left)
                return left[: self.rho or None]
        return restart_points(self.space, generator, tried)
