"""Composes a job from one that differs from it in a whole number, such as a seed.

Two of the jobs are composed. Where all that tells them apart is that number, each at the same places, any other job is
the first with its own number there, which takes a hundredth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from mgu.cli.composed import Composed, FrozenOverrides
from mgu.cli.yaml_files import have_computed_defaults

WHOLE_NUMBER = re.compile(r"0|-?[1-9]\d{0,17}")  # as Hydra reads and writes it
Path = tuple[str, ...]  # of a value in a configuration


class Axis(NamedTuple):
    """Holds where the values of one override stand.

    Attributes:
        first: What the first job was composed to.
        places: Where its number stands.
    """

    first: Composed
    places: Sequence[Path]


class NumberAxes:
    """Composes jobs that differ from a first one in one whole number.

    Args:
        compose: Composes one job; raises UserError.
    """

    def __init__(self, compose: Callable[[FrozenOverrides], Composed]) -> None:
        self._compose, self._composed = compose, dict[FrozenOverrides, Composed | None]()  # the first ones
        self._axes: dict[tuple[FrozenOverrides, int], Axis | None] = {}

    def __call__(self, first: FrozenOverrides, overrides: FrozenOverrides) -> Composed:
        """Returns what a job is composed to.

        Args:
            first: A job with the same keys.
            overrides: Those of the job.

        Raises:
            UserError: It cannot be composed.
        """
        if overrides == first:
            self._composed[first] = None  # until it is: it may be refused
            self._composed[first] = composed = self._compose(overrides)
            return composed
        changed = [index for index, (old, new) in enumerate(zip(first, overrides, strict=True)) if old != new]
        if len(changed) != 1:
            return self._compose(overrides)
        [index] = changed
        number = _number_of(overrides[index])
        if number is None or _number_of(first[index]) is None:
            return self._compose(overrides)
        if (first, index) not in self._axes:
            composed, known = self._compose(overrides), self._composed.get(first)
            self._axes[first, index] = known and _find_axis(known, composed, first[index], overrides[index])
            return composed
        if not (axis := self._axes[first, index]):
            return self._compose(overrides)
        values: Any = axis.first.values
        for place in axis.places:
            values = _replace(values, place, number)
        return axis.first._replace(values=values)


def _number_of(override: str) -> int | None:
    value = override.partition("=")[2]
    return int(value) if WHOLE_NUMBER.fullmatch(value) else None


def _find_axis(first: Composed, second: Composed, old: str, new: str) -> Axis | None:
    """Returns where two jobs differ; None where that is not by the number of the override alone."""
    if not (first.is_plain and second.is_plain):
        return None  # ${table.${seed}} can be the same for two numbers and another for a third
    places = list(_differences(first.values, second.values))
    numbers = (_number_of(old), _number_of(new))
    if any((_at(first.values, place), _at(second.values, place)) != numbers for place in places):
        return None
    # The name of a file in a configuration group can be a number, too.
    is_value = tuple(old.partition("=")[0].lstrip("+").split(".")) in places
    return Axis(first, places) if is_value and not have_computed_defaults() else None


def _differences(first: Any, second: Any, place: Path = ()) -> Iterator[Path]:
    """Yields where two configurations have another value."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        for key in first:
            yield from _differences(first[key], second[key], (*place, key))
    elif repr(first) != repr(second):  # 1 is not 1.0
        yield place


def _at(values: Any, place: Path) -> Any:
    for key in place:
        values = values[key]
    return values if type(values) is int else None


def _replace(values: Any, place: Path, number: int) -> Any:
    """Returns the same values with a number at a place; they are not changed."""
    key, *rest = place
    return {**values, key: _replace(values[key], tuple(rest), number) if rest else number}
