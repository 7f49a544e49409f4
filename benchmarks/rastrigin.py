"""Tunes differential evolution on Rastrigin's function in ten dimensions, by random search, the policy and TPE.

A trial is one run of 2,000 evaluations with a seed of its own, so scores are noisy. Prints, for each strategy, the
median over studies of the best value found and of the mean of 20 new runs of the winner, and how many trials it takes
in expectation to what TPE has in the median after 50, and files it: `python benchmarks/rastrigin.py 20`.
"""

from __future__ import annotations

import argparse
from functools import partial
from statistics import fmean, median
from typing import Any

import numpy as np
from models import configure
from numpy.typing import NDArray
from rounds import at_least
from side_by_side import save

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical
from mgu.search.propose import propose
from mgu.search.space import Point, Space
from mgu.search.strategies import build_strategy
from mgu.search.strategy import Cost, Trial

DIMENSIONS, EVALUATIONS, RERUNS = 10, 2000, 20
BOUND = 5.12
TRIALS = {"random": 200, "reinforce": 200, "tpe": 50}
SPACE = Space(
    "differential_evolution",
    (
        Float("scale", 0.0, 1.0),
        Float("crossover", 0.0, 1.0),
        Int("population", 5, 50),
        Categorical("mutation", ("rand1", "best1", "current_to_best1")),
    ),
)


def rastrigin(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the value of each point, at least 0."""
    return np.asarray(10 * points.shape[-1] + (points**2 - 10 * np.cos(2 * np.pi * points)).sum(axis=-1))


def evolve(point: Point, seed: int) -> float:
    """Returns the best value that differential evolution (Storn and Price 1997) finds with some settings."""
    drawn, size = np.random.default_rng(seed), point["population"]
    found = drawn.uniform(-BOUND, BOUND, (size, DIMENSIONS))
    values = rastrigin(found)
    for _ in range(EVALUATIONS // size - 1):
        first, second, third = (found[drawn.permutation(size)] for _ in range(3))
        best = found[values.argmin()]
        base = {"rand1": first, "best1": best, "current_to_best1": found + point["scale"] * (best - found)}
        mutated = np.clip(base[point["mutation"]] + point["scale"] * (second - third), -BOUND, BOUND)
        crossed = drawn.random(found.shape) < point["crossover"]
        crossed[np.arange(size), drawn.integers(DIMENSIONS, size=size)] = True
        children = np.where(crossed, mutated, found)
        own = rastrigin(children)
        better = own <= values
        found[better], values[better] = children[better], own[better]
    return float(values.min())


def study(name: str, seed: int) -> list[Trial]:
    """Searches once, and returns the trials."""
    strategy, history = build_strategy(name, SPACE, seed, {}), list[Trial]()
    tried: dict[Any, None] = {}
    while len(history) < TRIALS[name] and (proposal := propose(strategy, SPACE, seed, history, tried)):
        number = len(history)
        score = -evolve(proposal.point, 1000 * seed + number)
        tried[SPACE.key(proposal.point)] = None
        history.append(Trial(number, proposal.point, "told", score, cost=Cost(1.0), ended=number, after=number))
    return history


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", type=partial(at_least, 1), help="how many studies of each strategy")
    num_studies: int = parser.parse_args().studies
    studies = {name: [study(name, seed) for seed in range(num_studies)] for name in TRIALS}
    target = median(max(_score(own) for own in trials) for trials in studies["tpe"])
    rows = [summarise(name, found, target) for name, found in studies.items()]
    save("search", "rastrigin", configure("M2"), rows)
    for row in rows:
        print(
            f"{row['strategy']}: best of {row['trials']} trials {row['best']:.3f}, again {row['again']:.3f}, "
            f"{row['to_tpe'] or float('inf'):.0f} trials to TPE's {-target:.3f} ({row['hits']}/{num_studies})"
        )


def summarise(name: str, found: list[list[Trial]], target: float) -> dict[str, Any]:
    """Returns medians over studies, and the expected trials to a score (all trials over the studies that reach it)."""
    winners = [max(trials, key=_score) for trials in found]
    again = [fmean(evolve(own.point, 10**6 + rerun) for rerun in range(RERUNS)) for own in winners]
    reached = [next((k for k, own in enumerate(trials, 1) if _score(own) >= target), None) for trials in found]
    hits = sum(place is not None for place in reached)
    return {
        "strategy": name,
        "trials": TRIALS[name],
        "studies": len(found),
        "best": -median(map(_score, winners)),
        "again": median(again),
        "hits": hits,
        "to_tpe": sum(place or TRIALS[name] for place in reached) / hits if hits else None,
    }


def _score(trial: Trial) -> float:
    return -float("inf") if trial.score is None else trial.score


if __name__ == "__main__":
    main()
