"""What a study has spent: in all, and on the trials that count because they ended within its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mgu.search.budget import Budget, Spent
from mgu.search.clock import PROCESSOR, amounts
from mgu.search.history import History


def spent_in_all(history: History) -> Spent:
    """Returns what a study has spent on trials that have ended, also after the budget, or were stopped by it once.

    Args:
        history: Its history.

    Returns:
        The sum, with the time alone of those that were stopped.
    """
    spent = Spent()
    for number in history.order:
        spent = spent.plus(history.trials[number].cost, history.ask_s[number])
    return replace(spent, seconds=spent.seconds + history.stopped.seconds)


def spent_in_vain(history: History, budget: Budget) -> Mapping[str, float]:
    """Returns what was spent beyond the trials that count, on other clocks than the wall's, by their names.

    Args:
        history: The history of a study.
        budget: Its resolved budget, of whose processor time no more can be spent.
    """
    counted, within = count_trials(history, budget)
    found = {PROCESSOR.name: history.stopped.cpu_seconds}
    for number in history.order[len(counted) :]:
        own = history.details[number].get("to_solution_s")
        for name, value in amounts(history.trials[number].cost, history.ask_s[number], own).items():
            found[name] = found.get(name, 0.0) + value
    return within_budget(found, budget, within)


def within_budget(in_vain: Mapping[str, float], budget: Budget, spent: Spent) -> Mapping[str, float]:
    """Returns what was spent in vain, with no more processor time than a budget of it had left.

    Args:
        in_vain: What was spent by the names of the clocks.
        budget: The resolved budget.
        spent: What the trials that count had spent.
    """
    if budget.cpu_seconds is None or PROCESSOR.name not in in_vain:
        return in_vain
    left_s = max(budget.cpu_seconds - spent.at_least(PROCESSOR.name), 0.0)
    return {**in_vain, PROCESSOR.name: min(in_vain[PROCESSOR.name], left_s)}


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
