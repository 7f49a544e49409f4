"""Whether the scores of a space's points can be compared: by the same rows and labels, and after whole trainings.

What decides which rows train, validate and test is no hyperparameter: the best of several folds is the easiest fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mgu.config.run import RunConfig
from mgu.errors import UserError
from mgu.results.compare.axes import write_value
from mgu.results.compare.rows import rows_of
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.parameter import Parameter
from mgu.search.space import Point, Space, some_point

MOST_CHOICES = 20  # of one parameter that are composed


def check_comparable(space: Space, configure: Callable[[Point, int], RunConfig], is_multi_fidelity: bool) -> None:
    """Checks that the trials of a space can be ranked by their scores.

    It composes one point, and for each parameter points in which it is active with its choices or bounds. So an illegal
    value is refused before the first trial, too, not after hours.

    Args:
        space: The space.
        configure: Takes a point and a seed, and returns the configuration of the run.
        is_multi_fidelity: Whether the strategy stops trainings after some of their epochs.

    Raises:
        UserError: A point is no legal run, points differ in what decides which rows are trained on or judged by, or
            trainings would be ranked before their end.
    """
    if space.measure is not None:
        return
    first = configure(some_point(space), 0)
    if first.training.stop_after is not None:
        raise UserError(
            "training.stop_after must be left out of a search, which ranks whole trainings, but got "
            f"{first.training.stop_after}. Pass training.epochs={first.training.stop_after} for shorter ones, or "
            "search=asha, which stops the worse ones itself."
        )
    known = rows_of(first.dataset.model_dump(mode="json"))
    for parameter in space.parameters:
        for point in _points_with(space, parameter):
            config = configure(point, 0)
            _check_data(space, known, rows_of(config.dataset.model_dump(mode="json")))
            if is_multi_fidelity and config.training.epochs != first.training.epochs:
                raise UserError(
                    "training.epochs must be the same at all points where the strategy stops trainings by epochs, but "
                    f"space={space.name} has {first.training.epochs} and {config.training.epochs}. Leave it out of "
                    "the space, or pass search=random."
                )


def _points_with(space: Space, parameter: Parameter) -> Iterator[Point]:
    """Yields legal points in which a parameter is active: with each choice, or with both bounds."""
    given: Point = {}
    above, by_name = parameter, {other.name: other for other in space.parameters}
    while above.when:
        given[above.when.name] = above.when.values[0]
        above = by_name[above.when.name]
    values = (
        parameter.choices[:MOST_CHOICES]
        if isinstance(parameter, Categorical | Ordinal)
        else [getattr(parameter, end) for end in ("low", "high") if hasattr(parameter, end)]
    )
    for value in values:
        point = space.canonical(some_point(space) | given | {parameter.name: value})
        if parameter.name in point and space.is_legal(point):
            yield point


def _check_data(space: Space, first: dict[str, Any], other: dict[str, Any]) -> None:
    """Raises UserError where two points of a space are not on the same rows and labels."""
    differing = [key for key in {**first, **other} if first.get(key) != other.get(key)]
    if not differing:
        return
    key = differing[0]
    shown = [write_value(values.get(key)) for values in (first, other)]
    key = "dataset" if key == "dataset.name" else key
    way_out = (
        f"Search with one, as {key}={shown[0]}, and train what it finds on all folds afterwards"
        if key == "dataset.fold"
        else f"Leave {key} out of the space, and pass one value"
    )
    raise UserError(
        f"{key} must be the same at all points of a search, for scores on other rows or labels cannot be ranked, but "
        f"space={space.name} has {shown[0]} and {shown[1]}. {way_out}; or run one search for each."
    )
