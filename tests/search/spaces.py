"""Spaces and histories that the tests of searches share."""

from __future__ import annotations

from collections.abc import Callable

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.condition import Condition
from mgu.search.parameters.factors import Factors
from mgu.search.propose import propose
from mgu.search.space import Point, Space
from mgu.search.strategy import Cost, Strategy, Trial

GRID = Space(
    "grid",
    (
        Categorical("layout", ("a", "b", "c")),
        Categorical("norm", ("w", "x", "y", "z")),
        Categorical("residual", ("with", "without")),
    ),
)
MIXED = Space(
    "mixed",
    (
        Int("depth", 1, 3),
        Float("lr", 1e-4, 1e-1, log=True),
        Ordinal("batch", (16, 32, 64, 128)),
        Float("density", 0.02, 1.0, log=True, when=Condition("depth", (2, 3))),
        Float("deepest", 0.02, 1.0, log=True, when=Condition("depth", (3,))),
    ),
)
TILES = Space("tiles", (Factors("m", 64, 3), Factors("k", 12, 2)))


def bowl(space: Space) -> Callable[[Point], float]:
    """A score that is best at a point of the unit cube."""
    return lambda point: -sum((own - 0.3) ** 2 for own in space.encode(point))


def search(strategy: Strategy, space: Space, number: int, seed: int = 0) -> list[Trial]:
    """The trials of a search whose runs cost nothing."""
    trials: list[Trial] = []
    for _ in range(number):
        tried = {space.key(trial.point) for trial in trials}
        proposal = propose(strategy, space, seed, trials, tried)
        if proposal is None:
            break
        trials.append(told(len(trials), proposal.point, bowl(space)(proposal.point), *proposal[1:]))
    return trials


def told(number: int, point: Point, score: float, stop_after: int | None = None, continues: int | None = None) -> Trial:
    """A trial that has ended before the next one was asked for."""
    return Trial(
        number=number,
        point=point,
        state="told",
        score=score,
        cost=Cost(1.0),
        epochs=stop_after or 1,
        stop_after=stop_after,
        continues=continues,
        ended=number,
        after=number,
    )
