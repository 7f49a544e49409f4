"""Quasi-random search by Optuna: a scrambled Sobol sequence, which covers the space evenly.

Bergstra and Bengio 2012, https://jmlr.org/papers/v13/bergstra12a.html, compare it with random search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategies.optuna_study import OptunaStudy, import_for_asks
from mgu.search.strategy import Trial, generator_for


class QMCStrategy:
    """Takes the points of Optuna's QMCSampler in turn: trial n has the n-th one, whatever became of the others."""

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        read_options("qmc", options, {})
        self.study, self.space = OptunaStudy("qmc", space), space
        import_for_asks("qmc")
        optuna = self.study.optuna
        self._sampler = optuna.samplers.QMCSampler(scramble=True, seed=generator_for(seed, 0).getrandbits(31))
        self._optuna_study = optuna.create_study(sampler=self._sampler)
        self._drawn: list[Point] = []

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the next points of the sequence."""
        while len(self._drawn) < len(history) + number:
            frozen = self.study.optuna.trial.create_trial(state=self.study.optuna.trial.TrialState.RUNNING)
            drawn = self._sampler.sample_relative(self._optuna_study, frozen, self.study.distributions)
            values = {
                parameter.name: self.study.read(parameter, drawn[parameter.name]) for parameter in self.space.parameters
            }
            self._drawn.append(self.space.canonical(values))
        return self._drawn[len(history) : len(history) + number]
