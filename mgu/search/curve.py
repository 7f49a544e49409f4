"""Anytime curves: the best validation score by what a search has spent.

The incumbent at t is the trial with the best validation score of those that had ended by t, and whose run had not been
trained on; its test score is looked at only because it was chosen by its validation score.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from mgu.search.best import Best
from mgu.search.budget import Spent
from mgu.search.clock import WALL, Clock, amounts
from mgu.search.strategy import Trial


@dataclass(frozen=True, slots=True)
class Incumbent:
    """Holds a trial from the moment that it ended, as an incumbent or as one of all.

    Attributes:
        seconds: What had been spent by then.
        number: Number of the trial.
        score: Its validation score, larger is better.
        val: The same as the task's metric has it.
        test: Its test score; None where there is none.
        params: Trainable parameters.
        run: Name of the run's folder; empty for a recorded one.
        costs: What had been spent by then on other clocks, by their names; without those that a trial does not tell.
        second: Its second objective, smaller is better; None where the search has none.
        continues: Number of the trial whose training it continues; None: it began anew.
    """

    seconds: float
    number: int
    score: float
    val: float
    test: float | None
    params: int | None
    run: str = ""
    costs: Mapping[str, float] = field(default_factory=dict)
    second: float | None = None
    continues: int | None = None

    def spent(self, clock: Clock) -> float:
        """Returns what had been spent by then on a clock that all trials tell: nothing where all were free."""
        return self.seconds if clock == WALL else self.costs.get(clock.name, 0.0)


@dataclass(frozen=True)
class Curve:
    """Holds one search.

    Attributes:
        strategy: Name of the strategy.
        space: Name of the space.
        seed: Seed of the study.
        steps: The incumbents in their order.
        seconds: All that was spent.
        strategy_s: Seconds of the strategy, which are part of them.
        trials: Number of trials that ended.
        reused: Number of those that had been trained before they were asked for.
        epochs: Epochs of all trials.
        contended: Number of trials that were measured beside other work.
        origin: Where it comes from: "trained", or "replayed" from recorded runs.
        complete: Whether nothing was left to try, so that more time would have changed nothing.
        gap: Mean of validation minus test score over the trials of which both are known; None without any.
        until: Seconds up to which the incumbent is known: with the part of a trial that was under way when the budget
            ended, which found nothing; at least `seconds`.
        runs: Names of the folders of the runs that it trained.
        settings: What else the study is identified by, as plain values by key in dotted form.
        fingerprint: Tells whether a function of the user's returned the same rows to another study or run; None: not
            known, and for data that are known by their name.
        costs: Up to what the incumbent is known on other clocks, by their names; without those that a trial does not
            tell.
        least: Names of the clocks on which more was spent in vain than is known.
        outcomes: All trials that have a score and a second objective above zero, which is what no meter had time to
            read, in their order.
        metric: Name of the score that its runs were trained for; None where it trained none, or none ended well.
    """

    strategy: str
    space: str
    seed: int
    steps: tuple[Incumbent, ...]
    seconds: float
    strategy_s: float
    trials: int
    reused: int = 0
    epochs: int = 0
    contended: int = 0
    origin: str = "trained"
    complete: bool = False
    gap: float | None = None
    until: float = 0.0
    runs: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    outcomes: tuple[Incumbent, ...] = ()
    least: frozenset[str] = frozenset()
    metric: str | None = None

    @property
    def spent_s(self) -> float:
        """Seconds that were spent in all, in vain or not."""
        return max(self.seconds, self.until)

    def spent(self, clock: Clock) -> float | None:
        """Returns what was spent in all on a clock; None where not all trials tell it."""
        return self.spent_s if clock == WALL else self.costs.get(clock.name)

    @property
    def follows_results(self) -> bool:
        """Whether what it trained depends on what it found: neither all of the grid, nor blindly drawn from it."""
        is_blind = self.strategy in ("grid", "random") and not self.settings.get("per_cost")
        return not (self.space == "grid" and (self.complete or is_blind))

    def at(self, amount: float, clock: Clock = WALL) -> Incumbent | None:
        """Returns the incumbent once so much was spent; None: no trial had ended."""
        reached = bisect_right([step.spent(clock) for step in self.steps], amount + 1e-9)
        return self.steps[reached - 1] if reached else None

    def reaches(self, score: float, clock: Clock = WALL) -> float | None:
        """Returns what was spent until the validation score was at least this one; None: it never is."""
        return next((step.spent(clock) for step in self.steps if step.score >= score - 1e-12), None)


@dataclass(frozen=True)
class Beyond:
    """Holds what was spent beyond the trials that count.

    Attributes:
        until: Seconds up to which the incumbent is known, where that is longer than all trials took.
        costs: What was spent more on other clocks, by their names.
        is_whole: Whether what is not there was not spent.
    """

    until: float = 0.0
    costs: Mapping[str, float] = field(default_factory=dict)
    is_whole: bool = True


def trace(
    study: tuple[str, str, int],
    trials: Sequence[Trial],
    order: Sequence[int],
    ask_s: Mapping[int, float],
    details: Mapping[int, Mapping[str, Any]],
    origin: str = "trained",
    complete: bool = False,
    beyond: Beyond = Beyond(),
) -> Curve:
    """Follows the incumbent of a search.

    Args:
        study: Strategy, space and seed.
        trials: All trials by number.
        order: Numbers of those that ended and count, in that order.
        ask_s: Seconds of the strategy by number of the trial.
        details: What is known beside them, by number.
        origin: Where the trials come from.
        complete: Whether nothing was left to try.
        beyond: What was spent beyond the trials that count.

    Returns:
        The curve.
    """
    strategy, space, seed = study
    best, spent, costs = Best(trials), Spent(), None
    steps, outcomes = list[Incumbent](), list[Incumbent]()
    for number in order:
        trial, known = trials[number], details[number]
        spent = spent.plus(trial.cost, ask_s[number])
        if trial.cost.trials:  # else a warm start told it for nothing
            costs = _add(costs, amounts(trial.cost, ask_s[number], known.get("to_solution_s")))
        if trial.score is None:
            continue
        if (found := best.take(trial)) is not None:
            steps.append(_describe(trials[found], details[found], spent.seconds, costs))
        if trial.second is not None and trial.second > 0:
            outcomes.append(_describe(trial, known, spent.seconds, costs))
    whole = _add(costs, beyond.costs, keep=True)
    told = [details[number] for number in order]
    return Curve(
        strategy=strategy,
        space=space,
        seed=seed,
        steps=tuple(steps),
        seconds=spent.seconds,
        strategy_s=spent.strategy_s,
        trials=spent.trials,
        # Of those that count: a warm start tells others for nothing.
        reused=sum(trials[number].was_there for number in order if trials[number].cost.trials),
        epochs=spent.epochs,
        contended=sum(bool(known.get("contended")) for known in told),
        origin=origin,
        complete=complete,
        gap=_mean_gap(told),
        until=max(beyond.until, spent.seconds),
        costs=whole,
        least=frozenset() if beyond.is_whole else frozenset(whole.keys() - beyond.costs.keys()),
        outcomes=tuple(outcomes),
        metric=next((known["metric"] for known in told if known.get("metric")), None),
    )


def _describe(trial: Trial, known: Mapping[str, Any], seconds: float, costs: Mapping[str, float] | None) -> Incumbent:
    """Returns a trial that has a score, at the moment when so much had been spent."""
    assert trial.score is not None
    return Incumbent(
        seconds=seconds,
        number=trial.number,
        score=trial.score,
        val=trial.score if known.get("val") is None else known["val"],
        test=known.get("test"),
        params=known.get("params"),
        run=known.get("run", ""),
        costs=costs or {},
        second=trial.second,
        continues=trial.continues,
    )


def _add(costs: Mapping[str, float] | None, more: Mapping[str, float], keep: bool = False) -> Mapping[str, float]:
    """Adds to what was spent before, where there is any, on the clocks that both tell; or keeps those of the first."""
    if costs is None:
        return more
    return {name: value + more.get(name, 0.0) for name, value in costs.items() if keep or name in more}


def _mean_gap(details: Sequence[Mapping[str, Any]]) -> float | None:
    both = [known for known in details if known.get("val") is not None and known.get("test") is not None]
    gaps = [known["val"] - known["test"] for known in both]
    return fmean(gaps) if gaps else None
