"""Bayesian optimisation by Optuna: tree-structured Parzen estimators, and Gaussian processes.

TPE: Bergstra et al. 2011, https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization; multivariate
as Falkner et al. 2018 have it. GP: Matern 5/2 kernel with a length scale for each dimension, and the logarithm of the
expected improvement, https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.GPSampler.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, ClassVar

from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategies.optuna_study import OptunaStudy, import_for_asks, sampler_seed
from mgu.search.strategy import Trial


class TPEStrategy:
    """Asks Optuna's TPESampler.

    Options: `startup`, the trials that are drawn at random first; `candidates`, the draws of which each ask takes the
    best.
    """

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.options = read_options("tpe", options, {"startup": 10, "candidates": 24}, {"candidates": (1, inf)})
        self.study, self.seed = OptunaStudy("tpe", space), seed
        self.has_conditions = any(parameter.when for parameter in space.parameters)

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns points by the density of good and of bad trials."""
        sampler = self.study.optuna.samplers.TPESampler(
            n_startup_trials=self.options["startup"],
            n_ei_candidates=self.options["candidates"],
            multivariate=True,
            group=self.has_conditions,
            seed=sampler_seed(self.seed, history),
        )
        return self.study.ask(sampler, history, number)


class GPStrategy:
    """Asks Optuna's GPSampler. Option: `startup`, the trials that are drawn at random first."""

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.options = read_options("gp", options, {"startup": 10})
        self.study, self.seed = OptunaStudy("gp", space), seed
        import_for_asks("gp")

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the points with the largest expected improvement."""
        sampler = self.study.optuna.samplers.GPSampler(
            n_startup_trials=self.options["startup"], seed=sampler_seed(self.seed, history)
        )
        return self.study.ask(sampler, history, number)
