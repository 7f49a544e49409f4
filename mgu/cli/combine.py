"""Composes the jobs of a grid from those that differ from its first one in a single word.

Hydra takes a tenth of a second to compose one job. A grid of a thousand jobs has a few dozen values, and nearly always
each value changes a part of the configuration of its own. Where it does not, the job is composed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mgu.cli.yaml_files import have_computed_defaults
from mgu.errors import UserError

Words = tuple[str, ...]


class Composed(NamedTuple):
    """Holds what a job was composed to.

    Attributes:
        values: The resolved configuration.
        is_plain: Whether each value depends on at most one other one.
    """

    values: dict[str, Any]
    is_plain: bool


class Conflict(Exception):  # noqa: N818 - it is what was found
    """Says that two words change the same part of the configuration."""


class Combiner:
    """Composes jobs, each as `compose` would.

    Args:
        jobs: The words of all jobs.
        compose: Composes one job; raises UserError.
    """

    def __init__(self, jobs: Sequence[Sequence[str]], compose: Callable[[Words], Composed]) -> None:
        self._compose, self._kept = compose, dict[Words, Composed]()
        self._first: dict[Words, Words] = {}
        neighbours: dict[Words, set[Words]] = {}  # by the keys of the jobs: those that differ in one word
        counts: dict[Words, int] = {}
        for words in map(tuple, jobs):
            keys = _keys(words)
            changed = _change_one(self._first.setdefault(keys, words), words)
            if len(changed) > 1:
                neighbours.setdefault(keys, set()).update(changed)
                counts[keys] = counts.get(keys, 0) + 1
        self._worth_it = {keys for keys, needed in neighbours.items() if len(needed) < counts[keys]}

    def __call__(self, job: Sequence[str]) -> dict[str, Any]:
        """Returns the resolved configuration of a job; raises UserError."""
        words = tuple(job)
        keys = _keys(words)
        if keys not in self._worth_it or len(set(keys)) < len(keys):
            return self._compose(words).values
        first = self._first[keys]
        try:
            parts = [self._keep(each) for each in (first, *_change_one(first, words))]
            if all(part.is_plain for part in parts) and not have_computed_defaults():
                combined: dict[str, Any] = _combine(*(part.values for part in parts))
                return combined
        except (UserError, Conflict):  # of a neighbour; the message is to be of the job itself
            pass
        return self._keep(words).values

    def _keep(self, words: Words) -> Composed:
        if words not in self._kept:
            self._kept[words] = self._compose(words)
        return self._kept[words]


def _keys(words: Words) -> Words:
    return tuple(word.partition("=")[0] for word in words)


def _change_one(first: Words, words: Words) -> list[Words]:
    """Returns `first` with one word of `words` each, for those that differ."""
    return [
        (*first[:place], new, *first[place + 1 :])
        for place, (old, new) in enumerate(zip(first, words, strict=True))
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
