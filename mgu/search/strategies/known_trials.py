"""What a strategy with a memory reads off the history: which trials it knew when it asked for another."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.search.strategy import Trial


def known_at(history: Sequence[Trial], number: int) -> list[Trial]:
    """Returns the trials whose scores were known when trial `number` was asked for, in the order of their end.

    Args:
        history: All trials so far by number.
        number: A trial, or the next one, for which all that have ended are known.
    """
    after = history[number].after if number < len(history) else len(history)
    ended = [trial for trial in history if trial.ended is not None and trial.ended < after]
    return sorted(ended, key=lambda trial: trial.ended or 0)


def begins_with(history: Sequence[Trial], seen: Sequence[Trial]) -> bool:
    """Returns whether a history goes on from one that was read before, as far as its asks depend on that.

    Args:
        history: The history now.
        seen: Trials as they were read then, some of them running.
    """
    if len(history) < len(seen):
        return False
    same = all(
        now is old or (now.point == old.point and now.after == old.after)
        for now, old in zip(history, seen, strict=False)
    )
    return same and all(
        old.ended is None or (now.ended == old.ended and now.score == old.score)
        for now, old in zip(history, seen, strict=False)
        if now is not old
    )
