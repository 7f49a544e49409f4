"""Neighbourhood actor-critic search (Zhang et al. 2019, N-A2C).

https://arxiv.org/abs/1909.10616. From the best point so far a policy walks a few steps; what it comes across is tried
in batches, from which policy and critic learn. Moves that are impossible or lead to what has been tried are masked;
where none is left, the walk goes on from a point drawn at random.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from math import inf
from random import Random
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mgu.search.space import Key, Point, Space
from mgu.search.strategies.actor_critic import ActorCritic, Batch
from mgu.search.strategies.adam import Adam, Array, softmax
from mgu.search.strategies.known_trials import begins_with, known_at
from mgu.search.strategies.moves import list_moves
from mgu.search.strategies.options import read_options
from mgu.search.strategies.restart import restart_points
from mgu.search.strategy import Trial, generator_for

DEFAULTS = {"batch": 6, "tau": 3, "epsilon": 0.1, "hidden": 128, "rate": 0.01, "passes": 5}
RANGES = {"batch": (1, inf), "tau": (1, inf), "epsilon": (0, 1), "hidden": (1, inf), "passes": (1, inf)}


class WalkStep(NamedTuple):
    """Holds a step of a walk: from where, by which move, among which; no move where a walk begins anew."""

    point: Point
    state: Array | None = None
    move: int = 0
    allowed: Array | None = None


class Ahead(NamedTuple):
    """Holds what was learned and walked before a trial was asked for, and how to take it back.

    Attributes:
        number: Number of the trial.
        known: Number of trials that had ended.
        steps: What to try next.
        before: Weights, optimizer and transitions before that.
    """

    number: int
    known: int
    steps: list[WalkStep]
    before: tuple[dict[str, Array], Adam, dict[int, WalkStep]]


class NeighbourhoodActorCritic:
    """Asks for what a learned walk from the best point comes across.

    Args:
        space: What it searches.
        seed: Seed of the study.
        options: batch, the trials between two updates; tau, the steps of a walk; epsilon, the share of random moves;
            hidden, the units of the network; rate, that of Adam; passes, the steps of an update.
    """

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.space, self.seed = space, seed
        self.options = read_options("na2c", options, DEFAULTS, RANGES)
        self.moves = list_moves(space)
        self._forget()

    def _forget(self) -> None:
        self._seen: list[Trial] = []
        drawn = np.random.default_rng(generator_for(self.seed, 0, "weights").getrandbits(63))
        inputs = len(self.space.encode(self.space.sample(generator_for(self.seed, 0, "size"))))
        self.network = ActorCritic(inputs, len(self.moves), self.options["hidden"], drawn)
        self._adam = Adam(self.network.weights, self.options["rate"])
        self._tried: set[Key] = set()
        self._wanted: list[WalkStep] = []
        self._ahead: Ahead | None = None
        self._steps: dict[int, WalkStep] = {}  # by number of the trial, those that nothing was learned from yet

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns what the walks from the best point come across."""
        if not begins_with(history, self._seen):
            self._forget()
        for index in range(len(self._seen), len(history)):
            self._follow(history, index)
        self._seen = list(history)
        steps = self._wanted or self._prepare(history, len(history))
        return [step.point for step in steps[:number]]

    def _follow(self, history: Sequence[Trial], index: int) -> None:
        """Repeats what led to a trial, and notes its step."""
        if not self._wanted:
            self._wanted, self._ahead = list(self._prepare(history, index)), None
        key = self.space.key(history[index].point)
        at = next((i for i, step in enumerate(self._wanted) if self.space.key(step.point) == key), None)
        if at is not None and self._wanted[at].state is not None:
            self._steps[index] = self._wanted[at]
        del self._wanted[at or 0 : (at or 0) + 1]
        self._tried.add(key)

    def _prepare(self, history: Sequence[Trial], number: int) -> list[WalkStep]:
        """Learns and walks before a trial; takes that back where more is known by the time that it is asked for."""
        known = known_at(history, number)
        if self._ahead is not None:
            if (self._ahead.number, self._ahead.known) == (number, len(known)):
                return self._ahead.steps
            self.network.weights, self._adam, self._steps = self._ahead.before
        before = copy.deepcopy((self.network.weights, self._adam, self._steps))
        self._ahead = Ahead(number, len(known), self._learn_and_walk(known, number), before)
        return self._ahead.steps

    def _learn_and_walk(self, known: Sequence[Trial], number: int) -> list[WalkStep]:
        self._learn(known)
        best = max((trial for trial in known if trial.score is not None), key=_rank, default=None)
        return self._walk(best.point if best else None, generator_for(self.seed, number))

    def _learn(self, known: Sequence[Trial]) -> None:
        """Updates policy and critic by all transitions whose rewards are known by now."""
        rewards = {trial.number: self.space.reward(trial.score) for trial in known if trial.score is not None}
        ended = {trial.number for trial in known}
        ready = {number: step for number, step in self._steps.items() if number in ended}
        if not ready or not rewards:
            return
        scale = np.array(list(rewards.values()))
        worst = min(rewards.values())  # a failed trial is worth no more than the worst of the others
        raw = np.array([rewards.get(number, worst) for number in ready])
        batch = Batch(
            np.array([step.state for step in ready.values()]),
            np.array([step.move for step in ready.values()]),
            np.array([step.allowed for step in ready.values()]),
            (raw - scale.mean()) / (scale.std() or 1.0),
        )
        for _ in range(self.options["passes"]):
            self._adam.step(self.network.gradients(batch))
        for number in ready:
            del self._steps[number]

    def _walk(self, best: Point | None, generator: Random) -> list[WalkStep]:
        """Walks from the best point, again and again, until a batch is full; shorter where the space is used up."""
        walked: list[WalkStep] = []
        tried, batch, tau = set(self._tried), self.options["batch"], self.options["tau"]
        point, steps = best, 0
        while len(walked) < batch:
            step = None if point is None else self._step(point, tried, generator)
            if step is None:
                if not (beginning := restart_points(self.space, generator, tried)):
                    break
                step = WalkStep(beginning[0])
            tried.add(self.space.key(step.point))
            walked.append(step)
            point, steps = step.point, steps + 1
            if steps == tau:
                point, steps = best or point, 0
        return walked

    def _step(self, point: Point, tried: set[Key], generator: Random) -> WalkStep | None:
        """Returns a move to a neighbour that has not been tried; None: there is none."""
        others = [move.apply(self.space, point) for move in self.moves]
        allowed = np.array([float(other is not None and self.space.key(other) not in tried) for other in others])
        if not allowed.any():
            return None
        state = np.array(self.space.encode(point)) - 0.5
        if generator.random() < self.options["epsilon"]:
            chosen = generator.choice([int(move) for move in np.flatnonzero(allowed)])
        else:
            _, logits, _ = self.network.forward(state[None])
            chosen = generator.choices(range(len(allowed)), softmax(logits[0], allowed).tolist())[0]
        other = others[chosen]
        assert other is not None
        return WalkStep(other, state, chosen, allowed)


def _rank(trial: Trial) -> tuple[float, int]:
    assert trial.score is not None
    return trial.score, -trial.number
