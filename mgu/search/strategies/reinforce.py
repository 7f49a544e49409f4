"""Search by a recurrent policy that learns to tune by REINFORCE (after Zhang, Sun and Xu 2020).

https://arxiv.org/abs/2003.02038 describes a policy gradient over tuning steps, but neither states, actions, rewards nor
sizes; docs/method/reinforce.md has what is decided here. An episode begins at a point drawn from the space; each action
is the next point, and its reward is the score of that, standardised over all trials.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import fmean
from typing import Any, ClassVar, NamedTuple

import numpy as np

from mgu.errors import UserError
from mgu.search.parameters.choices import Categorical
from mgu.search.parameters.factors import Factors
from mgu.search.space import Point, Space
from mgu.search.strategies.adam import Adam, Array
from mgu.search.strategies.known_trials import begins_with, known_at
from mgu.search.strategies.lstm_policy import LOG_SIGMA, Episode, LstmPolicy, Shape
from mgu.search.strategies.options import read_options
from mgu.search.strategy import Trial, generator_for

DEFAULTS = {"steps": 10, "episodes": 1, "hidden": 32, "rate": 0.03, "evaluations": 1}
RANGES = {name: (1, inf) for name in DEFAULTS if name != "rate"}
CLIP = 1.0  # norm of the gradients
SMOOTHING = 0.9  # of the baseline


class Action(NamedTuple):
    """Holds a point of an episode; the first one is drawn from the space and has no state."""

    point: Point
    state: Array | None = None
    numbers: Array | None = None
    choices: Array | None = None


@dataclass
class Learned:
    """Holds the policy, its optimizer, and the episodes that it has not learned from."""

    policy: LstmPolicy
    adam: Adam
    baseline: float = 0.0
    updates: int = 0
    episodes: list[list[Action]] = field(default_factory=list)
    first: int = 0  # number of the first of these episodes


class Reinforce:
    """Asks for the actions of a policy.

    Args:
        space: What it searches, without products.
        seed: Seed of the study.
        options: steps of an episode; episodes of an update; hidden units; rate of Adam; evaluations, how often each
            point is tried, with another seed each time.
    """

    may_repeat: ClassVar[bool] = True

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        if products := [parameter.name for parameter in space.parameters if isinstance(parameter, Factors)]:
            raise UserError(
                f"search=reinforce must have parameters that are numbers or choices, but {products[0]} of "
                f"space={space.name} is a product. Pass search=na2c."
            )
        self.space, self.seed = space, seed
        self.options = read_options("reinforce", options, DEFAULTS, RANGES)
        self.numbers = [parameter for parameter in space.parameters if not isinstance(parameter, Categorical | Factors)]
        self.choices = [parameter for parameter in space.parameters if isinstance(parameter, Categorical)]
        self._forget()

    def _forget(self) -> None:
        sizes = tuple(choice.size for choice in self.choices)
        shape = Shape(len(self.numbers) + sum(sizes) + 3, len(self.numbers), sizes, self.options["hidden"])
        drawn = np.random.default_rng(generator_for(self.seed, 0, "weights").getrandbits(63))
        policy = LstmPolicy(shape, drawn)
        self._learned = Learned(policy, Adam(policy.weights, self.options["rate"], CLIP))
        self._seen: list[Trial] = []

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the next point of the episode: one, for the next depends on what becomes of it."""
        if not begins_with(history, self._seen):
            self._forget()
        for index in range(len(self._seen), len(history)):
            self._advance(self._learned, history, index)
        self._seen = list(history)
        return [self._advance(copy.deepcopy(self._learned), history, len(history))]

    def _advance(self, learned: Learned, history: Sequence[Trial], index: int) -> Point:
        """Returns the point of a trial, and adds its action where it is the first trial of that."""
        step, repeat = divmod(index, self.options["evaluations"])
        episode, t = divmod(step, self.options["steps"])
        if repeat:
            return learned.episodes[-1][-1].point
        known = {trial.number: trial for trial in known_at(history, index)}
        if t == 0:
            if len(learned.episodes) == self.options["episodes"]:
                self._learn(learned, known)
            learned.first = episode - len(learned.episodes)
            learned.episodes.append([Action(self.space.sample(generator_for(self.seed, index)))])
        else:
            learned.episodes[-1].append(self._act(learned, known, episode, t, index))
        return learned.episodes[-1][-1].point

    def _act(self, learned: Learned, known: Mapping[int, Trial], episode: int, t: int, index: int) -> Action:
        """Draws the next point of an episode from the policy; one from the space where that point is not legal."""
        actions = learned.episodes[-1]
        scores = self._scores(known, episode, len(actions))
        state = self._state(actions[-1].point, scores, t)
        earlier = [action.state for action in actions if action.state is not None]
        _, means, logits = learned.policy.forward(np.array([*earlier, state]))
        generator = np.random.default_rng(generator_for(self.seed, index).getrandbits(63))
        numbers = means[-1] + np.exp(learned.policy.weights["log_sigma"]) * generator.standard_normal(len(means[-1]))
        chosen = np.array([generator.choice(len(p[-1]), p=p[-1]) for p in learned.policy.probabilities(logits)])
        values = {
            parameter.name: parameter.decode(min(max(float(at), 0.0), 1.0))
            for parameter, at in zip(self.numbers, numbers, strict=True)
        }
        values |= {
            parameter.name: parameter.choices[int(at)] for parameter, at in zip(self.choices, chosen, strict=True)
        }
        point = self.space.canonical(values)
        if not self.space.is_legal(point):
            point = self.space.sample(generator_for(self.seed, index, "instead"))
        return Action(point, state, numbers, chosen)

    def _state(self, point: Point, scores: Sequence[float], t: int) -> Array:
        values = {parameter.name: point.get(parameter.name, parameter.default) for parameter in self.space.parameters}
        encoded = [
            at for parameter in (*self.numbers, *self.choices) for at in parameter.encode(values[parameter.name])
        ]
        return np.array([*encoded, scores[-1], max(scores), t / self.options["steps"]])

    def _scores(self, known: Mapping[int, Trial], episode: int, count: int) -> list[float]:
        """Returns the standardised scores of the first points of an episode: failed ones as the worst, others as 0."""
        told = [trial.score for trial in known.values() if trial.score is not None]
        mean, deviation = (float(np.mean(told)), float(np.std(told)) or 1.0) if told else (0.0, 1.0)
        scores, repeats = [], self.options["evaluations"]
        for step in range(count):
            first = (episode * self.options["steps"] + step) * repeats
            ended = [known[number] for number in range(first, first + repeats) if number in known]
            values = [min(told, default=mean) if trial.score is None else trial.score for trial in ended]
            scores.append((fmean(values) - mean) / deviation if values else 0.0)
        return scores

    def _learn(self, learned: Learned, known: Mapping[int, Trial]) -> None:
        """Takes one step on the episodes that are complete, and forgets them."""
        batch = []
        for index, actions in enumerate(learned.episodes):
            scores = self._scores(known, learned.first + index, len(actions))
            returns = np.array(scores[1:])
            moves = [action for action in actions if action.state is not None]
            if moves:
                episode = Episode(
                    *(np.array([getattr(action, name) for action in moves]) for name in ("state", "numbers", "choices"))
                )
                batch.append((episode, returns))
        learned.episodes = []
        if not batch:
            return
        count = sum(len(returns) for _, returns in batch)
        total: dict[str, Array] = {}
        for episode, returns in batch:
            for name, gradient in learned.policy.gradients(episode, returns - learned.baseline).items():
                total[name] = total.get(name, 0.0) + gradient / count
        learned.adam.step(total)
        np.clip(learned.policy.weights["log_sigma"], *LOG_SIGMA, out=learned.policy.weights["log_sigma"])
        mean = float(np.mean(np.concatenate([returns for _, returns in batch])))
        learned.baseline = mean if learned.updates == 0 else SMOOTHING * learned.baseline + (1 - SMOOTHING) * mean
        learned.updates += 1
