"""What a study has spent: in all, and on the trials that count because they ended within its budget."""

from __future__ import annotations

from dataclasses import replace

from mgu.search.budget import Budget, Spent
from mgu.search.clock import PROCESSOR, amounts
from mgu.search.curve import Beyond
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


def spent_beyond(history: History, budget: Budget) -> Beyond:
    """Returns what a study spent beyond the trials that count: on the first that ended late, or on what was stopped.

    Args:
        history: The history of a study.
        budget: Its resolved budget. Of a trial that ended after it that share was spent which fitted into it.

    Returns:
        The seconds up to which the incumbent is known, what was spent on other clocks, and whether that is all of it.
    """
    counted, within = count_trials(history, budget)
    stopped, late = history.stopped, history.order[len(counted) : len(counted) + 1]
    seconds, costs = stopped.seconds, dict[str, float]()
    if stopped.cpu_seconds is not None:
        costs[PROCESSOR.name] = stopped.cpu_seconds
    for number in late:
        cost, ask_s = history.trials[number].cost, history.ask_s[number]
        share = share_within(budget, within, within.plus(cost, ask_s))
        seconds += share * (cost.seconds + ask_s)
        for name, value in amounts(cost, ask_s, history.details[number].get("to_solution_s")).items():
            costs[name] = costs.get(name, 0.0) + share * value
    limit_s = float("inf") if budget.seconds is None else max(budget.seconds, within.seconds)
    return Beyond(min(within.seconds + seconds, limit_s), costs, is_whole=not stopped.seconds and not late)


def share_within(budget: Budget, before: Spent, after: Spent) -> float:
    """Returns the share of a trial's cost that fitted into a budget.

    Args:
        budget: The resolved budget, which the trial exceeded.
        before: What had been spent before the trial.
        after: The same after it.
    """
    shares = [1.0]
    for name, limit in budget.given.items():
        if (cost := after.at_least(name) - before.at_least(name)) > 0:
            shares.append((limit - before.at_least(name)) / cost)
    return max(min(shares), 0.0)


def count_trials(history: History, budget: Budget) -> tuple[list[int], Spent]:
    """Counts the trials that ended within a budget, and what had been spent by then.

    Args:
        history: The history of a study.
        budget: Its resolved budget; what ends after the first trial that exceeds it does not count, either.

    Returns:
        The numbers of these trials in the order in which they ended, and what they cost.
    """
    spent, counted = Spent(), list[int]()
    for number in history.order:
        after = spent.plus(history.trials[number].cost, history.ask_s[number])
        if budget.exceeded(after):
            break
        spent = after
        counted.append(number)
    return counted, spent
