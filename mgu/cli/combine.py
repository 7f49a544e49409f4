"""Composes the jobs of a grid from those that differ from its first one in a single override.

Hydra takes a tenth of a second to compose one job. A grid of a thousand jobs has a few dozen values, and nearly always
each value changes a part of the configuration of its own. Where it does not, the job is composed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mgu.cli.composed import Composed, FrozenOverrides
from mgu.cli.number_axes import NumberAxes
from mgu.cli.yaml_files import have_computed_defaults
from mgu.errors import UserError


class Conflict(Exception):  # noqa: N818 - it is what was found
    """Says that two overrides change the same part of the configuration."""


class Combiner:
    """Composes jobs, each as `compose` would.

    Args:
        jobs: The overrides of all jobs.
        compose: Composes one job; raises UserError.
    """

    def __init__(self, jobs: Sequence[Sequence[str]], compose: Callable[[FrozenOverrides], Composed]) -> None:
        self._compose, self._kept = NumberAxes(compose), dict[FrozenOverrides, Composed]()
        self._first: dict[FrozenOverrides, FrozenOverrides] = {}
        neighbours: dict[
            FrozenOverrides, set[FrozenOverrides]
        ] = {}  # by the keys of the jobs: those that differ in one
        counts: dict[FrozenOverrides, int] = {}
        for overrides in map(tuple, jobs):
            keys = _keys(overrides)
            changed = _change_one(self._first.setdefault(keys, overrides), overrides)
            if len(changed) > 1:
                neighbours.setdefault(keys, set()).update(changed)
                counts[keys] = counts.get(keys, 0) + 1
        self._worth_it = {keys for keys, needed in neighbours.items() if len(needed) < counts[keys]}

    def __call__(self, job: Sequence[str]) -> dict[str, Any]:
        """Returns the resolved configuration of a job; raises UserError."""
        overrides = tuple(job)
        keys = _keys(overrides)
        if keys not in self._worth_it or len(set(keys)) < len(keys):
            return self._compose(self._first.setdefault(keys, overrides), overrides).values
        first = self._first[keys]
        try:
            parts = [self._keep(each) for each in (first, *_change_one(first, overrides))]
            if all(part.is_plain for part in parts) and not have_computed_defaults():
                combined: dict[str, Any] = _combine(*(part.values for part in parts))
                return combined
        except (UserError, Conflict):  # of a neighbour; the message is to be of the job itself
            pass
        return self._keep(overrides).values

    def _keep(self, overrides: FrozenOverrides) -> Composed:
        if overrides not in self._kept:
            self._kept[overrides] = self._compose(self._first[_keys(overrides)], overrides)
        return self._kept[overrides]


def _keys(overrides: FrozenOverrides) -> FrozenOverrides:
    return tuple(override.partition("=")[0] for override in overrides)


def _change_one(first: FrozenOverrides, overrides: FrozenOverrides) -> list[FrozenOverrides]:
    """Returns `first` with one of `overrides` each, for those that differ."""
    return [
        (*first[:index], new, *first[index + 1 :])
        for index, (old, new) in enumerate(zip(first, overrides, strict=True))
        if old != new
    ]


def _combine(first: Any, *others: Any) -> Any:
    """Returns `first` with all changes that the others have to it. Raises Conflict where they meet."""
    changed = [other for other in others if repr(other) != repr(first)]  # 1 is not 1.0
    if len(changed) < 2:
        return changed[0] if changed else first
    if any(not isinstance(each, dict) or each.keys() != first.keys() for each in (first, *changed)):
        raise Conflict
    return {key: _combine(first[key], *(other[key] for other in changed)) for key in first}
