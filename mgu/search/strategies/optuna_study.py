"""Optuna's samplers as strategies: a study in memory, to which the history is added before each ask.

Optuna holds no truth: no file, no database. For trial n a new sampler is built whose seed is drawn from the
study's and n; so an ask depends on the history alone, and equals that of any Optuna study with the same trials and
sampler seed.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from mgu.errors import UserError, how_to_install
from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.factors import Factors
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Point, Space, is_active
from mgu.search.strategy import Trial, generator_for

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

MOST_FACTORS = 1000  # values of a product, each of which is a choice to Optuna


def import_optuna(wanted_by: str) -> Any:
    """Imports Optuna without its messages.

    Args:
        wanted_by: What needs it, as the user wrote it, such as "search=tpe" or "--optuna".

    Returns:
        The module.

    Raises:
        UserError: It is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UserError(
            f"{wanted_by} must have Optuna, but that is not installed. {how_to_install('search')}"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna


@cache
def import_for_asks(strategy: str) -> None:
    """Imports what a sampler of Optuna's imports in its first asks, for an import is no cost of a strategy.

    Args:
        strategy: "gp" or "qmc".
    """
    optuna = import_optuna(f"search={strategy}")
    samplers = {"gp": optuna.samplers.GPSampler, "qmc": optuna.samplers.QMCSampler}
    study = optuna.create_study(
        sampler=samplers[strategy](seed=0, **({"n_startup_trials": 1} if strategy == "gp" else {}))
    )
    for _ in range(3):
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1))


class OptunaStudy:
    """Mirrors a history as a study of Optuna's in memory.

    Args:
        strategy: Name of the strategy.
        space: What is searched.
        objectives: 1, or 2 where the second objective counts, too.

    Raises:
        UserError: Optuna is not installed, or cannot search the space.
    """

    def __init__(self, strategy: str, space: Space, objectives: int = 1) -> None:
        self.optuna = import_optuna(f"search={strategy}")
        self.space, self.objectives = space, objectives
        self.distributions = {parameter.name: to_distribution(strategy, parameter) for parameter in space.parameters}
        self._clear()

    def _clear(self) -> None:
        directions = ["maximize", "minimize"][: self.objectives]
        sampler = self.optuna.samplers.RandomSampler(seed=0)
        self._study: optuna.Study = self.optuna.create_study(directions=directions, sampler=sampler)
        self._added: list[Trial] = []  # the trials that it has, none of them running
        self._worst: float | None = None  # the score by which it has those that failed
        self._asked: Point | None = None  # what it was last asked for, which it holds as a running trial

    def ask(
        self,
        sampler: BaseSampler,
        history: Sequence[Trial],
        number: int,
        attributes: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> list[Point]:
        """Asks a sampler for points.

        Args:
            sampler: A new one.
            history: All trials so far.
            number: How many points; those asked for before count as running.
            attributes: What the sampler itself would have noted of trials, by number.

        Returns:
            The points.
        """
        study = self._mirror(history, attributes or {})
        study.sampler = sampler
        points: list[Point] = []
        for _ in range(number):
            trial = study.ask()
            point: Point = {}
            for parameter in self.space.parameters:
                if is_active(parameter, point):
                    point[parameter.name] = self.read(parameter, suggest(trial, parameter))
            points.append(point)
        self._asked = points[0] if number == 1 and not attributes else None
        if self._asked is None or len(self._added) < len(history):
            self._clear()  # the next ask begins with the history again
        return points

    def _mirror(self, history: Sequence[Trial], attributes: Mapping[int, Mapping[str, Any]]) -> optuna.Study:
        """Returns the study with the trials of the history, which is nearly always the last one and what was asked."""
        known, worst = len(self._added), worst_score(history, self.objectives)
        follows = self._asked is not None and len(history) == known + 1 and history[known].point == self._asked
        follows = follows and worst == self._worst and history[known].score is not None
        if follows and list(history[:known]) == self._added:
            values = [history[known].score, history[known].second][: self.objectives]
            self._study.tell(known, [value for value in values if value is not None])
            self._added.append(history[known])
            return self._study
        self._clear()
        self._worst = worst
        for trial in history:
            self._study.add_trial(self.to_frozen(trial, attributes.get(trial.number, {}), worst))
        self._added = [trial for trial in history if trial.state != "running"]
        return self._study

    def to_frozen(self, trial: Trial, attributes: Mapping[str, Any], worst: float | None = None) -> FrozenTrial:
        """Returns a trial as Optuna has it, where it failed with the worst score.

        Optuna's samplers leave out what failed, and would go on trying rates at which trainings diverge:
        findings/optuna-tpe-seeks-where-trials-fail.sh.
        """
        states = self.optuna.trial.TrialState
        score = worst if trial.state == "failed" else trial.score
        values = [score, trial.second][: self.objectives]
        is_known = None not in values and trial.state != "running"
        frozen: FrozenTrial = self.optuna.trial.create_trial(
            state=states.RUNNING if trial.state == "running" else states.COMPLETE if is_known else states.FAIL,
            values=values if is_known else None,
            params={name: self.write(name, value) for name, value in trial.point.items()},
            distributions={name: self.distributions[name] for name in trial.point},
            system_attrs=dict(attributes),
        )
        return frozen

    def write(self, name: str, value: Any) -> Any:
        """Returns a value as Optuna has it: categorical choices by their place, for they may be of any type."""
        parameter = next(each for each in self.space.parameters if each.name == name)
        return list(parameter.values).index(value) if isinstance(parameter, Categorical | Ordinal | Factors) else value

    def read(self, parameter: Parameter, value: Any) -> Any:
        """Returns a value of Optuna's as the parameter has it."""
        return parameter.values[value] if isinstance(parameter, Categorical | Ordinal | Factors) else value


def worst_score(history: Sequence[Trial], objectives: int = 1) -> float | None:
    """Returns the score that failed trials are told: the worst so far; None without any, or with two objectives."""
    scores = [trial.score for trial in history if trial.score is not None]
    is_asked = objectives == 1 and any(trial.state == "failed" for trial in history)
    return min(scores, default=None) if is_asked else None


def to_distribution(strategy: str, parameter: Parameter) -> BaseDistribution:
    """Returns the distribution of Optuna's for a parameter.

    Raises:
        UserError: It has none.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, Float):
        return FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Int):
        return IntDistribution(parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Ordinal):
        return IntDistribution(0, parameter.size - 1)
    if parameter.size is not None and parameter.size > MOST_FACTORS:
        raise UserError(
            f"search={strategy} must have parameters of at most {MOST_FACTORS:,} choices, but {parameter.name} has "
            f"{parameter.size:,}. Pass search=random or search=gbfs."
        )
    return CategoricalDistribution(list(range(parameter.size or 1)))


def suggest(trial: optuna.Trial, parameter: Parameter) -> Any:
    """Asks for the value of a parameter, as `to_distribution` has it."""
    if isinstance(parameter, Float):
        return trial.suggest_float(parameter.name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Int):
        return trial.suggest_int(parameter.name, parameter.low, parameter.high, log=parameter.log)
    if isinstance(parameter, Ordinal):
        return trial.suggest_int(parameter.name, 0, parameter.size - 1)
    return trial.suggest_categorical(parameter.name, list(range(parameter.size or 1)))


def sampler_seed(seed: int, history: Sequence[Trial]) -> int:
    """Returns the seed of the sampler for the next trial."""
    return generator_for(seed, len(history)).getrandbits(31)
