"""Parameters as Optuna has them: bounds as bounds, and all choices, also those with an order, as categorical ones."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Space, write_word

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

MOST_CHOICES = 1000  # that each trial lists: of a product that can be written in more ways, those that were tried


class Written(NamedTuple):
    """Holds a parameter as Optuna has it.

    Attributes:
        distribution: Its distribution.
        as_words: Whether its values are texts, as on the command line.
    """

    distribution: BaseDistribution
    as_words: bool = False

    def write(self, value: Any) -> Any:
        """Returns a value of the parameter as Optuna has it."""
        return write_word(value) if self.as_words else value


def write_parameters(space: Space, points: Iterable[Mapping[str, Any]]) -> dict[str, Written]:
    """Returns the parameters of a space by name.

    Args:
        space: The space.
        points: Those that were tried.
    """
    tried: dict[str, dict[str, None]] = {parameter.name: {} for parameter in space.parameters}
    for point in points:
        for name, value in point.items():
            tried[name][write_word(value)] = None
    return {parameter.name: _write(parameter, list(tried[parameter.name])) for parameter in space.parameters}


def _write(parameter: Parameter, tried: list[str]) -> Written:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, Float):
        return Written(FloatDistribution(parameter.low, parameter.high, log=parameter.log))
    if isinstance(parameter, Int):
        return Written(IntDistribution(parameter.low, parameter.high, log=parameter.log))
    if parameter.size > MOST_CHOICES:
        return Written(CategoricalDistribution(tried or [write_word(parameter.default)]), as_words=True)
    choices: list[Any] = list(parameter.values)
    if all(map(_is_plain, choices)) and len(set(choices)) == len(choices):
        return Written(CategoricalDistribution(choices))
    return Written(CategoricalDistribution([write_word(value) for value in choices]), as_words=True)


def _is_plain(value: Any) -> bool:
    """Tells whether a value can be a choice of Optuna's, which finds it by comparing it with each: 1 is True there."""
    is_number = isinstance(value, int | float) and abs(value) <= sys.float_info.max
    return value is None or isinstance(value, str | bool) or is_number
