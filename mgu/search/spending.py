"""What a study has spent: in all, and on the trials that count because they ended within its budget."""

from __future__ import annotations

from dataclasses import replace

from mgu.search.budget import Budget, Spent
from mgu.search.history import History


def spent_in_all(history: History) -> Spent:
    """Returns what a study has spent on trials that have ended, also after the budget, or were stopped by it once.

    Args:
        history: Its history.

    Returns:
        The sum, with the seconds alone of those that were stopped.
    """
    spent = Spent()
    for number in history.order:
        spent = spent.plus(history.trials[number].cost, history.ask_s[number])
    return replace(spent, seconds=spent.seconds + history.stopped_s)


def count_trials(history: History, budget: Budget) -> tuple[list[int], Spent]:
    """Returns the numbers of the trials that ended within a budget, and what had been spent by then.

    Args:
        history: The history of a study.
        budget: Its resolved budget; what ends after the first trial that exceeds it does not count, either.
    """
    spent, counted = Spent(), list[int]()
    for number in history.order:
        after = spent.plus(history.trials[number].cost, history.ask_s[number])
        if budget.exceeded(after):
            break
        spent = after
        counted.append(number)
    return counted, spent
