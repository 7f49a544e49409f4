"""How many seeds would decide: by how the variance of a mean difference shrinks with their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
MOST_SEEDS = 1000  # nobody trains more


@dataclass(frozen=True)
class Variance:
    """Of paired differences: from seed to seed, and of one image from image to image and, by seed, around that.

    num_images: 0 where no image is known, and seeds are all there is to go by.
    """

    seeds: float
    images: float = 0.0
    rest: float = 0.0
    num_images: int = 0

    def of_mean(self, num_seeds: float) -> tuple[float, float]:
        """Over seeds and over images, as min F' (mgu/report/stats/ttest.py) adds them up."""
        return self.seeds / num_seeds, (self.images + self.rest / num_seeds) / max(self.num_images, 1)


def variance_of(per_seed: Floats | None, deviation: float) -> Variance:
    """per_seed: unit minus baseline (seeds, images), of two seeds at least, or None where there are no images;
    deviation: of the mean differences of the seeds.
    """
    if per_seed is None:
        return Variance(deviation**2)
    num_seeds, num_images = per_seed.shape
    around = per_seed - per_seed.mean(axis=1, keepdims=True)
    rest = float(around.var(axis=0, ddof=1).mean())
    of_means = float(per_seed.mean(axis=0).var(ddof=1))
    return Variance(deviation**2, max(0.0, of_means - rest / num_seeds), rest, num_images)


def power(difference: float, variance: Variance, num_seeds: float, alpha: float) -> float:
    """How probable it is that so many seeds show a difference of this size on these many images."""
    from scipy.stats import nct, t

    over_seeds, over_images = variance.of_mean(num_seeds)
    total = over_seeds + over_images
    if total == 0:
        return 1.0
    inverse = over_seeds**2 / (num_seeds - 1) + over_images**2 / max(variance.num_images - 1, 1)
    degrees = min(total**2 / inverse, 1e6)  # of Satterthwaite; beyond it t is normal
    return float(nct.sf(t.isf(alpha / 2, degrees), degrees, abs(difference) / total**0.5))


def seeds_needed(difference: float, variance: Variance, num_comparisons: int) -> int | None:
    """How many seeds show a difference of this size with 80 % probability, by the strictest step of Holm's correction
    over so many comparisons; None where more than MOST_SEEDS would.
    """
    alpha = ALPHA / max(num_comparisons, 1)

    def is_enough(num_seeds: int) -> bool:
        return power(difference, variance, num_seeds, alpha) >= POWER

    if not is_enough(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS  # power grows with seeds: not enough of it at `low`, enough at `high`
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if is_enough(half) else (half, high)
    return high


def images_suffice(difference: float, variance: Variance, num_comparisons: int) -> bool:
    """Whether any number of seeds would do."""
    return power(difference, variance, 1e9, ALPHA / max(num_comparisons, 1)) >= POWER
