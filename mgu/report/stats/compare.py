"""Compares one unit with baselines: the difference, and p-values over seeds, over images, and over both.

Two paired tests answer two questions. Would the difference be there with other seeds? (Student's t over the seeds that
both have.) Would it be there on other images of the kind? (For one seed McNemar's exact test, McNemar 1947,
https://doi.org/10.1007/BF02295996; for several Student's t over images, each with its mean over the seeds, because runs
on one image are not independent.) A claim about other seeds on other images needs both at once: min F' (ttest.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from mgu.report.ranking.row import Row, Split
from mgu.report.ranking.seeds import TINY, Spread, spread
from mgu.report.stats.correct import CorrectBySeed
from mgu.report.stats.images import over_images, per_image_differences
from mgu.report.stats.power import Variance, variance_of
from mgu.report.stats.ttest import TTest, min_f_prime, p_above, t_tests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Holds the comparison of a unit with one baseline.

    p-values are two-sided except `p_margin`, and None where a test is not possible. Images are tested only where every
    shared seed has bits.

    Attributes:
        baseline: The baseline.
        seeds: The seeds that both have.
        difference: Unit minus baseline over those seeds, in 0..1; the difference of the means with n = 0 if they share
            no seed.
        p_seeds: p-value over seeds.
        p_images: p-value over images.
        num_images: Number of images; 0 where they are not tested.
        p: p-value over seeds and images, or over seeds alone where images are not tested.
        p_corrected: `p` corrected for all comparisons of the table.
        p_margin: One-sided p-value for the best baseline only: small where the unit loses less than the margin.
    """

    baseline: Row
    seeds: tuple[int, ...]
    difference: Spread
    p_seeds: float | None
    p_images: float | None
    num_images: int
    p: float | None
    p_corrected: float | None = None
    p_margin: float | None = None

    @property
    def effect(self) -> float | None:
        """Cohen's d of the paired differences over seeds: their mean divided by their standard deviation."""
        return self.difference.mean / self.difference.deviation if self.difference.deviation else None


def compare(
    unit: Row, of_unit: CorrectBySeed, baselines: Sequence[tuple[Row, CorrectBySeed]], split: Split
) -> list[Comparison]:
    """Compares a unit with every baseline that has an accuracy.

    Args:
        unit: The unit.
        of_unit: Its bits by seed.
        baselines: Baselines with their bits by seed.
        split: The split that is compared.

    Returns:
        The comparisons in the order of `baselines`, without p-values that need all comparisons of a table.
    """
    ours = unit.accuracies(split)
    known = [(row, correct, theirs) for row, correct in baselines if (theirs := row.accuracies(split))]
    seeds = [_common(ours, theirs) for _, _, theirs in known]
    differences = [[ours[s] - theirs[s] for s in own] for own, (_, _, theirs) in zip(seeds, known, strict=True)]
    over_seeds = t_tests(differences)
    of_images, p_images = over_images(of_unit, [correct for _, correct, _ in known], seeds)
    num_images = next((bits.num_images for bits in of_unit.values()), 0)
    return [
        Comparison(
            baseline=row,
            seeds=tuple(own_seeds),
            difference=spread(own) or Spread(fmean(ours.values()) - fmean(theirs.values()), 0),
            p_seeds=of_seeds and of_seeds.p,
            p_images=of_images,
            num_images=num_images if of_images is not None else 0,
            p=of_both,
        )
        for (row, _, theirs), own_seeds, own, of_seeds, of_images, of_both in zip(
            known, seeds, differences, over_seeds, p_images, _combine(over_seeds, of_images), strict=True
        )
    ]


def _combine(over_seeds: Sequence[TTest | None], over_images: Sequence[TTest | None]) -> list[float | None]:
    """p-values over seeds and images; over seeds alone where images are not tested."""
    found = [test and test.p for test in over_seeds]
    both = [(k, (s, i)) for k, (s, i) in enumerate(zip(over_seeds, over_images, strict=True)) if s and i]
    for (k, _), test in zip(both, min_f_prime([pair for _, pair in both]), strict=True):
        found[k] = test.p
    return found


def p_of_margin(
    unit: Row, of_unit: CorrectBySeed, against: Comparison, correct: CorrectBySeed, split: Split, margin: float
) -> float | None:
    """Tests whether the unit loses less than a margin (non-inferiority), over seeds and images.

    Args:
        unit: The unit.
        of_unit: Its bits by seed.
        against: Its comparison with the baseline.
        correct: Bits of the baseline by seed.
        split: The split that is compared.
        margin: Accuracy in 0..1 that the unit may lose.

    Returns:
        The one-sided p-value; None where a test is not possible.
    """
    ours, theirs = unit.accuracies(split), against.baseline.accuracies(split)
    over_seeds = [ours[seed] - theirs[seed] for seed in against.seeds]
    per_image = per_image_differences(of_unit, correct, against.seeds)
    if len(over_seeds) > 1 and per_image is not None and not per_image.any() and max(map(abs, over_seeds)) < TINY:
        return 0.0  # equal on every image: there is no variance to test with, and nothing to lose
    (of_seeds,) = t_tests([over_seeds], -margin)
    if of_seeds is None or per_image is None:
        return of_seeds and p_above(of_seeds)
    (of_images,) = t_tests([per_image], -margin)
    if of_images is None:
        return None
    return p_above(min_f_prime([(of_seeds, of_images)])[0]) if min(of_seeds[0], of_images[0]) > 0 else 1.0


def variance_between(of_unit: CorrectBySeed, against: Comparison, correct: CorrectBySeed) -> Variance:
    """Estimates the variance of the difference from two or more seeds, to find how many seeds would decide.

    Args:
        of_unit: Bits of the unit by seed.
        against: Its comparison with the baseline.
        correct: Bits of the baseline by seed.

    Returns:
        The variance over seeds and, where there are bits, over images.
    """
    deviation = against.difference.deviation or 0.0
    if not against.num_images:
        return variance_of(None, deviation)
    import numpy as np

    per_seed = [of_unit[seed].unpack() * 1.0 - correct[seed].unpack() for seed in against.seeds]
    return variance_of(np.array(per_seed), deviation)


def _common(first: Mapping[int, object], second: Mapping[int, object]) -> list[int]:
    return sorted(first.keys() & second.keys())
