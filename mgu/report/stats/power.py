"""Power analysis: how many seeds would decide, given how the variance of a mean difference shrinks with them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
MOST_SEEDS = 1000  # nobody trains more of one model


@dataclass(frozen=True)
class Variance:
    """Holds the parts of the variance of paired differences.

    Attributes:
        seeds: Variance from seed to seed.
        images: Variance from image to image of the mean over seeds.
        rest: Variance of one image from seed to seed around that mean.
        num_images: Number of images; 0 where only seeds are known.
    """

    seeds: float
    images: float = 0.0
    rest: float = 0.0
    num_images: int = 0

    def of_mean(self, num_seeds: float) -> tuple[float, float]:
        """Returns the variances of the mean over seeds and over images, which min F' (ttest.py) adds."""
        return self.seeds / num_seeds, (self.images + self.rest / num_seeds) / max(self.num_images, 1)


def variance_of(per_seed: Floats | None, deviation: float) -> Variance:
    """Estimates the parts of the variance.

    Args:
        per_seed: Unit minus baseline (seeds, images) for at least two seeds; None where images are not known.
        deviation: Standard deviation over the seeds of the mean difference.

    Returns:
        The parts.
    """
    if per_seed is None:
        return Variance(deviation**2)
    num_seeds, num_images = per_seed.shape
    around = per_seed - per_seed.mean(axis=1, keepdims=True)
    rest = float(around.var(axis=0, ddof=1).mean())
    of_means = float(per_seed.mean(axis=0).var(ddof=1))
    return Variance(deviation**2, max(0.0, of_means - rest / num_seeds), rest, num_images)


def power(difference: float, variance: Variance, num_seeds: float, alpha: float) -> float:
    """Computes how probable it is that a number of seeds shows a difference of a given size.

    Args:
        difference: The size of the difference.
        variance: Its variance.
        num_seeds: Number of seeds.
        alpha: Significance level of the two-sided test.

    Returns:
        The power in 0..1.
    """
    over_seeds, over_images = variance.of_mean(num_seeds)
    total = over_seeds + over_images
    if total == 0:
        return 1.0
    inverse = over_seeds**2 / (num_seeds - 1) + over_images**2 / max(variance.num_images - 1, 1)
    degrees = min(total**2 / inverse, 1e6)  # Satterthwaite 1946, https://doi.org/10.2307/3002019
    tests = [(total, degrees), (over_seeds, num_seeds - 1), (over_images, max(variance.num_images - 1, 1))]
    # p is the largest of those of the three tests (ttest.py), so the least powerful of them has to show it.
    return min(_power_of_t(abs(difference) / part**0.5, freedom, alpha) for part, freedom in tests if part)


def _power_of_t(noncentrality: float, degrees: float, alpha: float) -> float:
    """Returns the probability that a two-sided t-test shows a difference with its sign."""
    from scipy.special import nctdtr, stdtrit  # scipy.stats takes a second to import

    missed = float(nctdtr(degrees, noncentrality, -stdtrit(degrees, alpha / 2)))
    return 1.0 if math.isnan(missed) else 1 - missed  # NaN is what SciPy has for less than the smallest number


def seeds_needed(difference: float, variance: Variance, num_comparisons: int) -> int | None:
    """Finds the smallest number of seeds that shows a difference with 80 % probability.

    Args:
        difference: The size of the difference.
        variance: Its variance.
        num_comparisons: Number of comparisons that Holm's correction is for, of which the strictest step counts.

    Returns:
        The number of seeds; None where more than MOST_SEEDS would be needed.
    """
    alpha = ALPHA / max(num_comparisons, 1)

    def is_enough(num_seeds: int) -> bool:
        return power(difference, variance, num_seeds, alpha) >= POWER

    if not is_enough(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS  # power grows with seeds: too little at `low`, enough at `high`
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if is_enough(half) else (half, high)
    return high


def images_suffice(difference: float, variance: Variance, num_comparisons: int) -> bool:
    """Tells whether some number of seeds is enough on the given number of images.

    Args:
        difference: The size of the difference.
        variance: Its variance.
        num_comparisons: Number of comparisons that Holm's correction is for.

    Returns:
        Whether it is: else only more images would decide.
    """
    return power(difference, variance, 1e9, ALPHA / max(num_comparisons, 1)) >= POWER
