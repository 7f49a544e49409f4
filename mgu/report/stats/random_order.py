"""Best model of a search in random order, over all orders, by the budget.

It is computed over all orders, without drawing any. Models are tried one after another until the budget is spent; one
that exceeds it is lost. Let L be the models that score below a threshold, H the others. The best reaches the threshold
if the first model of H ends in time, that is, if the cost of the models of L before it, a subset S, leaves room for it.
Of all orders of N models, a share of 1 / (N C(N-1, |S|)) begins with S and then that model; subsets are counted by
size and cost as in the knapsack problem.

Of models with equal scores the one that is tried first is kept, so only those that have ended can be: the probabilities
are means over orders of preference among them. Both orders of a pair are all; of larger groups some are drawn.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


DRAWN = 8  # orders of preference, each of which is also reversed


def win_probabilities(costs: Sequence[int], scores: Sequence[float]) -> Floats:
    """Computes how probable it is that each model is the best of those that ended within a budget.

    Args:
        costs: Cost of each of N models in whole steps.
        scores: Score of each model.

    Returns:
        Probabilities (N + 1, budgets from 0 to the sum of costs); the last row is that no model has ended.
    """
    first, *others = (_by_preference(costs, order) for order in _worst_first(scores))
    for other in others:
        first += other
    first /= 1 + len(others)
    return first


def _worst_first(scores: Sequence[float]) -> list[list[int]]:
    """Returns orders of the models by score, in which those of equal scores have each position equally often."""
    count, most_equal, random = len(scores), max(Counter(scores).values()), Random(0)
    preferences = [list(range(count))]
    if most_equal > 2:
        preferences = [random.sample(range(count), count) for _ in range(DRAWN)]
    if most_equal > 1:
        preferences += [preference[::-1] for preference in preferences]
    return [sorted(preference, key=lambda k: scores[k]) for preference in preferences]


def _by_preference(costs: Sequence[int], order: Sequence[int]) -> Floats:
    """Computes the probabilities of `win_probabilities` where later models in `order` are preferred."""
    import numpy as np

    count, total = len(costs), sum(costs)
    share = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
    subsets = np.zeros((count, total + 1))  # subsets of L by size and exact cost
    subsets[0, 0] = 1
    room, cost_of_l = np.empty((count, total + 1)), 0  # by the size of L and the budget left, summed over S
    for size_of_l, k in enumerate(order):
        (share[: size_of_l + 1] @ subsets[: size_of_l + 1]).cumsum(out=room[size_of_l])
        # Adds k to each S: of no more than L, and at no more than its cost, there are subsets yet.
        grown = subsets[: size_of_l + 1, : cost_of_l + 1].copy()
        cost_of_l += costs[k]
        subsets[1 : size_of_l + 2, costs[k] : cost_of_l + 1] += grown[: count - 1]
    reached = np.zeros((count + 1, total + 1))  # by the size of L: that a model of H has ended
    for rank, k in enumerate(order):  # k is in H for each L of its rank or fewer
        reached[: rank + 1, costs[k] :] += room[: rank + 1, : total + 1 - costs[k]]
    wins = np.empty_like(reached)
    wins[list(order)] = reached[:-1] - reached[1:]
    wins[count] = 1 - reached[0]
    return wins.clip(0, 1, out=wins)
