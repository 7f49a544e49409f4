"""Wilcoxon's signed-rank test over data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mgu.report.stats.power import ALPHA

DIGITS = 9  # of an accuracy in 0..1: what sums leave behind them makes no ranks


class SignedRanks(NamedTuple):
    """Holds the result of the test.

    Attributes:
        p: Two-sided p-value.
        is_above: Whether the ranks of differences above 0 have the larger sum.
        num: Number of differences that are not 0, of which the test is made.
    """

    p: float
    is_above: bool
    num: int


def signed_ranks(differences: Sequence[float]) -> SignedRanks | None:
    """Tests whether differences are symmetric about 0 (Wilcoxon 1945, https://doi.org/10.2307/3001968).

    Args:
        differences: One for each data set.

    Returns:
        The test; None with fewer than six that are not 0, of which none could be significant.
    """
    differing = [value for value in (round(difference, DIGITS) for difference in differences) if value]
    if 2.0 ** (1 - len(differing)) >= ALPHA:
        return None
    from scipy.stats import wilcoxon  # takes about a second to import

    above = float(wilcoxon(differing, alternative="greater").statistic)  # the sum of their ranks
    total = len(differing) * (len(differing) + 1) / 2
    return SignedRanks(float(wilcoxon(differing).pvalue), above > total / 2, len(differing))
