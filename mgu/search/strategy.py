"""The interface of search strategies, and what they know of the trials before.

A strategy keeps no truth of its own: it is asked with the whole history, and the same history gives the same answer.
So a search that was interrupted goes on as if it had not been, and several workers may ask in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeGuard

from mgu.search.space import Point, Space

TrialState = Literal["running", "told", "failed", "pruned"]


@dataclass(frozen=True)
class Cost:
    """Holds what a trial cost, as far as it is known: of set-up, time to solution and checkpoints.

    Attributes:
        seconds: Wall-clock seconds; of a failed trial what it spent.
        cpu_seconds: Seconds of processor time.
        kwh: Measured or estimated energy in kilowatt-hours by component and method, as "cpu rapl".
        grams: Estimated grams of CO2-equivalent.
        epochs: Epochs that were trained.
        trials: Number of trials that it counts for; 0 of a run that a warm start told without charge.
    """

    seconds: float = 0.0
    cpu_seconds: float | None = None
    kwh: Mapping[str, float] | None = None
    grams: float | None = None
    epochs: int = 0
    trials: int = 1

    def __add__(self, other: Cost) -> Cost:
        """Returns the sum of two costs; what is not known of one is not known of both."""
        kwh = None
        if self.kwh is not None and other.kwh is not None:
            kwh = {name: self.kwh.get(name, 0.0) + other.kwh.get(name, 0.0) for name in {**self.kwh, **other.kwh}}
        return Cost(
            seconds=self.seconds + other.seconds,
            cpu_seconds=add_known(self.cpu_seconds, other.cpu_seconds),
            kwh=kwh,
            grams=add_known(self.grams, other.grams),
            epochs=self.epochs + other.epochs,
            trials=self.trials + other.trials,
        )

    def __sub__(self, earlier: Cost) -> Cost:
        """Returns what a run cost beside what an earlier trial has paid, whose training it continues.

        What is not known of the earlier trial is taken for nothing; no part is below 0.
        """
        kwh, paid_kwh = None, earlier.kwh or {}
        if self.kwh is not None:
            kwh = {name: max(value - paid_kwh.get(name, 0.0), 0.0) for name, value in self.kwh.items()}
        return replace(
            self,
            seconds=max(self.seconds - earlier.seconds, 0.0),
            cpu_seconds=_difference(self.cpu_seconds, earlier.cpu_seconds),
            kwh=kwh,
            grams=_difference(self.grams, earlier.grams),
            epochs=max(self.epochs - earlier.epochs, 0),
        )

    def scaled(self, share: float, epochs: int) -> Cost:
        """Returns a part of a cost.

        Args:
            share: The part, in 0..1 of everything that is counted but the epochs.
            epochs: Those of the part.
        """
        return replace(
            self,
            seconds=self.seconds * share,
            cpu_seconds=None if self.cpu_seconds is None else self.cpu_seconds * share,
            kwh=None if self.kwh is None else {name: value * share for name, value in self.kwh.items()},
            grams=None if self.grams is None else self.grams * share,
            epochs=epochs,
        )


@dataclass(frozen=True)
class Trial:
    """Holds one trial of a search: what was asked for, and what became of it.

    Attributes:
        number: Its number in the study, from 0 without gaps.
        point: The point that was tried.
        state: "running"; "told" with a score; "failed"; "pruned" where a worse score than others' stopped it early.
        score: Validation score, larger is better (errors are negated); None while running and if failed.
        second: Second objective, smaller is better; None where there is none.
        cost: What it cost; of a trial that was there already, what it cost when it was trained.
        epochs: Epochs after which it was stopped, or that it had; None while running.
        seed: Seed of the run.
        stop_after: Epochs that were asked for; None: as many as are configured.
        continues: Number of the trial whose training it continues; None: it began anew.
        ended: Its place in the order in which trials ended, from 0; None while running.
        after: Number of trials that had ended when it was asked for.
        was_there: Whether it had been trained before it was asked for.
    """

    number: int
    point: Point
    state: TrialState
    score: float | None = None
    second: float | None = None
    cost: Cost = Cost()
    epochs: int | None = None
    seed: int = 0
    stop_after: int | None = None
    continues: int | None = None
    ended: int | None = None
    after: int = 0
    was_there: bool = False


class Measured(NamedTuple):
    """Holds what the function of a space that measures a point returns, see `Space.measure`.

    Attributes:
        score: Larger is better; None: the point cannot be measured, and the trial has failed.
        cost: What the measurement cost.
        second: Second objective, smaller is better.
        details: Plain values that the history keeps.
        error: Why there is no score.
    """

    score: float | None
    cost: Cost
    second: float | None = None
    details: Mapping[str, Any] = {}
    error: str | None = None


class Strategy(Protocol):
    """Chooses the points to try next.

    It is built as Strategy(space, seed, options) and raises UserError where it cannot serve the space, or an option is
    not as it must be; options are those of conf/search/NAME.yaml.

    Attributes:
        may_repeat: Whether it may ask for a point again, which is then tried with another seed.
    """

    may_repeat: ClassVar[bool]

    def __init__(self, space: Space, seed: int, options: Mapping[str, Any]) -> None: ...

    def ask(self, history: Sequence[Trial], number: int) -> list[Point]:
        """Returns the points to try next.

        Args:
            history: All trials so far by number, those that are running included.
            number: How many points are wanted; different ones, as far as possible.

        Returns:
            At most as many points; none ends the search.
        """


class Proposal(NamedTuple):
    """Holds a point with how long to train it.

    Attributes:
        point: The point.
        stop_after: Epochs after which to stop; None: those that are configured.
        continues: Number of the trial to continue; None: begin anew.
    """

    point: Point
    stop_after: int | None = None
    continues: int | None = None


class MultiFidelityStrategy(Strategy, Protocol):
    """Chooses the points to try next, and for how many epochs each is trained."""

    def propose(self, history: Sequence[Trial], number: int) -> list[Proposal]:
        """Returns what to try next, as `ask` does."""


def is_multi_fidelity(strategy: object) -> TypeGuard[MultiFidelityStrategy]:
    """Tells whether a strategy says for how many epochs a point is trained.

    Args:
        strategy: The strategy, or its class.

    Returns:
        Whether it is a MultiFidelityStrategy.
    """
    return hasattr(strategy, "propose")


def generator_for(seed: int, number: int, purpose: str = "ask") -> Random:
    """Returns the random numbers of one trial.

    Args:
        seed: Seed of the study.
        number: Number of the trial, which is the length of the history before it.
        purpose: What they are for; each purpose has a stream of its own.

    Returns:
        The generator.
    """
    return Random(f"{purpose} {seed} {number}")


def add_known(one: float | None, other: float | None) -> float | None:
    """Adds two parts of costs.

    Args:
        one: A part; None: not known.
        other: The other one.

    Returns:
        Their sum; None where one is not known.
    """
    return None if one is None or other is None else one + other


def _difference(value: float | None, earlier: float | None) -> float | None:
    return None if value is None else max(value - (earlier or 0.0), 0.0)
