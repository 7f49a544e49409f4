"""Search strategies by name: `search=NAME` chooses one, conf/search/NAME.yaml has its options.

A strategy that needs a library which takes long to import imports it when it is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgu.errors import UserError
from mgu.search.per_cost import PerCost
from mgu.search.space import Space
from mgu.search.strategies.bayesian import GPStrategy, TPEStrategy
from mgu.search.strategies.gbfs import GreedyBestFirst
from mgu.search.strategies.grid import GridStrategy
from mgu.search.strategies.halving import ASHAStrategy, BOHBStrategy
from mgu.search.strategies.na2c import NeighbourhoodActorCritic
from mgu.search.strategies.nsga2 import NSGA2Strategy
from mgu.search.strategies.qmc import QMCStrategy
from mgu.search.strategies.random import RandomStrategy
from mgu.search.strategies.reinforce import Reinforce
from mgu.search.strategy import Strategy, is_multi_fidelity
from mgu.text.nearest import did_you_mean

__all__ = ["STRATEGIES", "build_strategy"]

STRATEGIES: dict[str, type[Strategy]] = {
    "grid": GridStrategy,
    "random": RandomStrategy,
    "qmc": QMCStrategy,
    "tpe": TPEStrategy,
    "gp": GPStrategy,
    "nsga2": NSGA2Strategy,
    "asha": ASHAStrategy,
    "bohb": BOHBStrategy,
    "gbfs": GreedyBestFirst,
    "na2c": NeighbourhoodActorCritic,
    "reinforce": Reinforce,
}


def build_strategy(name: str, space: Space, seed: int, options: Mapping[str, Any], per_cost: bool = False) -> Strategy:
    """Builds a strategy.

    Args:
        name: One of STRATEGIES.
        space: What it searches.
        seed: Seed of the study.
        options: Its options, `search.options`.
        per_cost: Whether it takes what promises most for its cost, see mgu/search/per_cost.py.

    Returns:
        The strategy.

    Raises:
        UserError: There is no such strategy, or it cannot serve the space, or an option is not as it must be.
    """
    if name not in STRATEGIES:
        raise UserError(
            f"search.name must be one of {', '.join(STRATEGIES)}, but got {name!r}."
            f"{did_you_mean(name, STRATEGIES) or ' See docs/method/search.md.'}"
        )
    strategy = STRATEGIES[name](space, seed, options)
    if not per_cost:
        return strategy
    if name == "grid" or strategy.may_repeat or is_multi_fidelity(strategy):
        raise UserError(
            f"search.per_cost=true must go with a strategy that wishes several new points, but search={name} does not. "
            "Pass search=tpe, or leave it out."
        )
    return PerCost(strategy, space)
