"""Successive halving: many points are trained for few epochs, and the better ones go on from their checkpoints.

ASHA (Li et al. 2020, https://arxiv.org/abs/1810.05934) promotes a trial as soon as it is among the best share of those
that have come as far. BOHB (Falkner et al. 2018, https://arxiv.org/abs/1807.01774) takes whole brackets, and draws new
points by the densities of good and bad trials (TPE) of the longest training that has enough of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

from mgu.errors import UserError
from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategies.optuna_study import OptunaStudy, sampler_seed
from mgu.search.strategies.random import RandomStrategy
from mgu.search.strategy import Proposal, Trial, generator_for


def rungs_of(least: int, most: int, eta: int) -> list[int]:
    """Returns the numbers of epochs after which trials are compared: the last one is the whole training."""
    rungs = [most]
    while rungs[0] / eta >= least:
        rungs.insert(0, round(rungs[0] / eta))
    return rungs


class ASHAStrategy:
    """Promotes a trial once it is among the best 1 / eta of its rung, else begins a random point.

    Options: `eta`, `min_epochs` of the lowest rung, `max_epochs`, which are those that are configured unless given.
    """

    may_repeat: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {"eta": 2, "min_epochs": 1, "max_epochs": 1}
    name: ClassVar[str] = "asha"

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.options = read_options(self.name, options, self.defaults, {"random_share": (0, 1)})
        self.space, self.seed, self.eta = space, seed, self.options["eta"]
        if space.measure is not None:
            raise UserError(
                f"search={self.name} must have a space of runs, which train for epochs, but space={space.name} has "
                "none. Pass search=random."
            )
        least, most = self.options["min_epochs"], self.options["max_epochs"]
        if self.eta < 2 or not 1 <= least <= most:
            raise UserError(
                f"search.options must have eta >= 2 and 1 <= min_epochs <= max_epochs, but got eta={self.eta}, "
                f"min_epochs={least}, max_epochs={most}. Raise training.epochs or lower search.options.min_epochs."
            )
        self.rungs = rungs_of(least, most, self.eta)
        self.random = RandomStrategy(space, seed, {})

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the points of `propose`."""
        return [proposal.point for proposal in self.propose(history, number)]

    def propose(self, history: Sequence[Trial], number: int) -> list[Proposal]:
        """Returns promotions, from the highest rung down, then new points."""
        promoted = self._promotions(history)[:number]
        fresh = self._fresh(history, number - len(promoted)) if len(promoted) < number else []
        if not promoted and not fresh and all(trial.state != "running" for trial in history):
            # A space of 10 points leaves 1 in the third rung, and a half of 1 is none: the best shall end its training.
            promoted = self._promotions(history, least=1)[:number]
        return [*promoted, *(Proposal(point, self.rungs[0]) for point in fresh)]

    def _promotions(self, history: Sequence[Trial], least: int = 0) -> list[Proposal]:
        """Returns who goes on: 1 / eta of each rung, and at least so many where something has come as far."""
        continued, lost = {trial.continues for trial in history}, _lost(history)
        promotions = []
        for rung, following in reversed(list(zip(self.rungs, self.rungs[1:], strict=False))):
            known = _best_first([trial for trial in history if trial.stop_after == rung])
            best = [trial for trial in known if trial.number not in lost][: max(len(known) // self.eta, least)]
            waiting = [trial for trial in best if trial.number not in continued]
            promotions += [Proposal(trial.point, following, trial.number) for trial in waiting]
        return promotions

    def _fresh(self, history: Sequence[Trial], number: int) -> list[Point]:
        return self.random.ask(history, number)


class BOHBStrategy(ASHAStrategy):
    """Halves brackets of eta^k points, which are drawn by TPE once a rung has enough trials.

    Options: those of ASHA; `startup`, the trials of a rung from which densities are estimated; `random_share`, the
    probability of a random point all the same.
    """

    defaults: ClassVar[dict[str, Any]] = {**ASHAStrategy.defaults, "startup": 6, "random_share": 1 / 3}
    name: ClassVar[str] = "bohb"

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        super().__init__(space, seed, options)
        self.study = OptunaStudy(self.name, space)
        self.width = self.eta ** (len(self.rungs) - 1)  # new points of a bracket

    def _promotions(self, history: Sequence[Trial], least: int = 0) -> list[Proposal]:
        """Returns the best 1 / eta, at least one, of each rung of a bracket whose trials have all ended."""
        brackets: dict[int, int] = {}  # of each trial
        num_fresh = 0
        for trial in history:
            if trial.stop_after is None:  # trained before this search, and in no rung
                continue
            if trial.continues is None:
                brackets[trial.number] = num_fresh // self.width
                num_fresh += 1
            else:
                brackets[trial.number] = brackets[trial.continues]
        size = self.space.size
        num_earlier = len(history) - len(brackets)
        is_used_up = size is not None and num_earlier + num_fresh >= size  # so that the last bracket stays short
        continued, lost = {trial.continues for trial in history}, _lost(history)
        promotions = []
        for bracket in range(-(-num_fresh // self.width) if is_used_up else num_fresh // self.width):
            expected = min(self.width, num_fresh - bracket * self.width)
            for rung, following in pairwise(self.rungs):
                reached = [t for t in history if brackets.get(t.number) == bracket and t.stop_after == rung]
                if sum(t.state != "running" and not _is_replaced(t) for t in reached) < expected:
                    break
                ranked = _best_first([t for t in reached if t.number not in lost])
                expected = min(max(expected // self.eta, 1), len(ranked))
                best = ranked[:expected]
                promotions += [Proposal(t.point, following, t.number) for t in best if t.number not in continued]
        return promotions

    def _fresh(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns new points: those that TPE draws by the highest rung with enough trials, and random ones."""
        by_rung = [[t for t in history if t.stop_after == rung and t.score is not None] for rung in self.rungs]
        known = next((trials for trials in reversed(by_rung) if len(trials) >= max(self.options["startup"], 2)), None)
        random = self.random.ask(history, number)
        if known is None or generator_for(self.seed, len(history), "share").random() < self.options["random_share"]:
            return random
        sampler = self.study.optuna.samplers.TPESampler(
            n_startup_trials=1,
            multivariate=True,
            group=any(parameter.when for parameter in self.space.parameters),
            seed=sampler_seed(self.seed, history),
        )
        tried = {self.space.key(trial.point) for trial in history}
        wished = self.study.ask(sampler, known, number)
        fresh = [point for point in wished if self.space.key(point) not in tried and self.space.is_legal(point)]
        return [*fresh, *random][:number]


def _is_replaced(trial: Trial) -> bool:
    """Tells whether the next best of the rung below takes its place."""
    return trial.state == "failed" and trial.continues is not None


def _lost(history: Sequence[Trial]) -> set[int | None]:
    """Returns the numbers of trials that failed when they were continued."""
    return {trial.continues for trial in history if _is_replaced(trial)}


def _best_first(trials: Sequence[Trial]) -> list[Trial]:
    """Returns the trials that have a score, the best first."""
    scored = [(trial.score, trial) for trial in trials if trial.score is not None]
    return [trial for _, trial in sorted(scored, key=lambda pair: (-pair[0], pair[1].number))]
