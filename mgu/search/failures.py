"""Trials without a score: those that failed by an error, and those whose run diverged, which is a result."""

from __future__ import annotations

from mgu.search.history import History
from mgu.search.strategy import Trial


def outcome_of(trial: Trial, history: History) -> str:
    """Says what became of a trial, where its state alone says only whether there is a score for the strategy.

    Args:
        trial: The trial.
        history: The history that it is of.

    Returns:
        Its state; "diverged" where its run is over without an error, but has no score that is finite.
    """
    if trial.state == "failed" and history.details[trial.number].get("status") in ("ok", "diverged"):
        return "diverged"
    return trial.state


def failed_trials(history: History) -> list[Trial]:
    """Finds the trials that failed by an error.

    Args:
        history: The history of a study.

    Returns:
        The trials, in the order of their numbers.
    """
    return [trial for trial in history.trials if outcome_of(trial, history) == "failed"]
