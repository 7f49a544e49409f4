"""Compares strategies with the random search beside them, at equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mgu.report.searches.contender import Contender
from mgu.report.searches.variants import shared_settings
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.ttest import t_tests

MULTIPLES = (1, 2, 4, 10)  # of the unit's cost


@dataclass(frozen=True)
class AgainstRandom:
    """Holds a comparison of a strategy with random search.

    Attributes:
        multiple: Of the unit's cost, at which they are compared.
        split: Whose score is compared: "test", or "validation" where there is none.
        differences: The score of the strategy minus that of random search, for each study seed that both have.
        p: The corrected p-value; None where it cannot be tested.
    """

    multiple: int
    split: str
    differences: Sequence[float]
    p: float | None = None


def random_beside(contender: Contender, contenders: Sequence[Contender]) -> Contender | None:
    """Returns the random search on the same space with the same training; None where there is none."""
    wanted = shared_settings(contender.curves[0])
    alike = (other for other in contenders if other.is_random and shared_settings(other.curves[0]) == wanted)
    return next(alike, None)


def compare_with_random(contenders: Sequence[Contender], unit_cost: float) -> list[AgainstRandom | None]:
    """Compares each strategy with random search, at the largest multiple that both reached.

    Student's t over the study seeds that both have, two-sided, corrected over all strategies by Holm's method.

    Args:
        contenders: The strategies.
        unit_cost: The cost of one multiple.

    Returns:
        The comparisons in the order of the strategies; None where neither has reached any multiple.
    """
    comparisons = [_compare(contender, random_beside(contender, contenders), unit_cost) for contender in contenders]
    tests = t_tests([comparison.differences for comparison in comparisons if comparison])
    corrected = iter(correct_for_many([test and test.p for test in tests]))
    return [comparison and replace(comparison, p=next(corrected)) for comparison in comparisons]


def _compare(contender: Contender, random: Contender | None, unit_cost: float) -> AgainstRandom | None:
    if random is None or random is contender:
        return None
    for multiple in reversed(MULTIPLES):
        ours, theirs = contender.at(multiple * unit_cost), random.at(multiple * unit_cost)
        if ours and theirs and (shared := sorted(ours.vals.keys() & theirs.vals.keys())):
            split, a, b = ("test", ours.tests, theirs.tests)
            if not a or not b:  # never the test score of one with the validation score of the other
                split, a, b = ("validation", ours.vals, theirs.vals)
            return AgainstRandom(multiple, split, [a[seed] - b[seed] for seed in shared])
    return None
