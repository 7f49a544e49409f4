"""NSGA-II by Optuna: a population that is selected by two objectives (Deb et al. 2002).

https://doi.org/10.1109/4235.996017. Without a second objective it is a genetic algorithm with elitism.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, ClassVar

from mgu.search.space import Point, Space
from mgu.search.strategies.options import read_options
from mgu.search.strategies.optuna_study import OptunaStudy, sampler_seed
from mgu.search.strategy import Trial

DEFAULTS = {"population": 10, "objectives": 1}
RANGES = {"population": (2, inf), "objectives": (1, 2)}


class NSGA2Strategy:
    """Asks Optuna's NSGAIISampler. Options: `population`, its size; `objectives`, 1 or 2."""

    may_repeat: ClassVar[bool] = False

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None:
        self.options = read_options("nsga2", options, DEFAULTS, RANGES)
        self.study, self.seed = OptunaStudy("nsga2", space, self.options["objectives"]), seed

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns children of the present population."""
        sampler = self.study.optuna.samplers.NSGAIISampler(
            population_size=self.options["population"], seed=sampler_seed(self.seed, history)
        )
        key = sampler._get_generation_key()
        generations = {number: {key: generation} for number, generation in enumerate(self._generations(history))}
        return self.study.ask(sampler, history, number, generations)

    def _generations(self, history: Sequence[Trial]) -> list[int]:
        """Returns the generation of each trial, which Optuna would have noted: a full one is followed by the next."""
        generations: list[int] = []
        for trial in history:
            told = [
                generations[earlier.number]
                for earlier in history[: trial.number]
                if earlier.score is not None and earlier.ended is not None and earlier.ended < trial.after
            ]
            last = max(told, default=0)
            generations.append(last + (told.count(last) >= self.options["population"]))
        return generations
