"""Compares a sample with others: the difference, and p-values over seeds, over images, and over both.

Two paired tests answer two questions. Would the difference be there with other seeds? (Student's t over the seeds that
both have.) Would it be there on other images of the kind? (For one seed McNemar's exact test, McNemar 1947,
https://doi.org/10.1007/BF02295996; for several Student's t over images, each with its mean over the seeds, because runs
on one image are not independent.) A claim about other seeds on other images needs both at once: min F' (ttest.py).

In cross-validation every fold has other test images, so one test over folds, each with its mean over the seeds, answers
both: the corrected resampled t-test (Nadeau and Bengio 2003, https://doi.org/10.1023/A:1024068626366).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import Spread, is_cross_validated, spread
from mgu.report.stats.images import count_images, over_images, per_image_differences
from mgu.report.stats.power import Variance, variance_of
from mgu.report.stats.sample import Sample
from mgu.report.stats.ttest import TTest, min_f_prime, p_above, t_tests, t_tests_over_replicates
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Holds the comparison of one sample with another, such as a unit with a baseline.

    p-values are two-sided except `p_margin` and `p_alike`, and None where a test is not possible. Images are tested
    only where every shared run has right answers.

    Attributes:
        first: What is compared.
        second: What it is compared with.
        shared: The seeds and folds that both have.
        difference: First minus second over those, in 0..1 for accuracies; the difference of the means with n = 0 if
            they share none.
        p_seeds: p-value over seeds and folds.
        p_images: p-value over images.
        num_images: Number of images; 0 where they are not tested.
        p: p-value over seeds and images, or over seeds and folds alone where images are not tested or where folds have
            other images each.
        p_corrected: `p` corrected for all comparisons of the table.
        p_margin: One-sided p-value for the best baseline only: small where the unit loses less than the margin.
        p_alike: p-value of the answers to questions, corrected for all of them: small where the two differ by less than
            the margin, either way.
    """

    first: Sample
    second: Sample
    shared: tuple[Replicate, ...]
    difference: Spread
    p_seeds: float | None
    p_images: float | None
    num_images: int
    p: float | None
    p_corrected: float | None = None
    p_margin: float | None = None
    p_alike: float | None = None

    @property
    def baseline(self) -> Row:
        """The row that is compared with."""
        return self.second.row

    @property
    def is_in_points(self) -> bool:
        """Whether differences are told in points."""
        return self.first.row.score.is_percent

    @property
    def has_folds(self) -> bool:
        """Whether it is over the folds of a cross-validation."""
        return is_cross_validated(self.shared)

    @property
    def effect(self) -> float | None:
        """Cohen's d of the paired differences over seeds: their mean divided by their standard deviation."""
        return self.difference.mean / self.difference.deviation if self.difference.deviation else None


def compare(first: Sample, others: Sequence[Sample]) -> list[Comparison]:
    """Compares a sample with every other that has scores.

    Args:
        first: The sample.
        others: What it is compared with.

    Returns:
        The comparisons in the order of `others`, without p-values that need all comparisons of a table.
    """
    known = [other for other in others if other.scores]
    shared = [sorted(first.scores.keys() & other.scores.keys()) for other in known]
    differences = [
        {replicate: first.scores[replicate] - other.scores[replicate] for replicate in replicates}
        for replicates, other in zip(shared, known, strict=True)
    ]
    over_seeds = t_tests_over_replicates(differences)
    of_images, p_images = over_images(first, known, shared)
    independent_of_seeds = [
        None if is_cross_validated(replicates) else test for replicates, test in zip(shared, of_images, strict=True)
    ]
    p_values = _combine(over_seeds, independent_of_seeds)
    return [
        Comparison(
            first=first,
            second=other,
            shared=tuple(shared[k]),
            difference=_spread_of(differences[k], first, other),
            p_seeds=test.p if (test := over_seeds[k]) else None,
            p_images=p_images[k],
            num_images=0 if p_images[k] is None else count_images(first, shared[k]),
            p=p_values[k],
        )
        for k, other in enumerate(known)
    ]


def _spread_of(differences: Mapping[Replicate, float], first: Sample, second: Sample) -> Spread:
    """Returns the spread of paired differences; without any, the difference of the means, of no pair."""
    return spread(differences) or Spread(fmean(first.scores.values()) - fmean(second.scores.values()), 0)


def _combine(over_seeds: Sequence[TTest | None], over_images: Sequence[TTest | None]) -> list[float | None]:
    """Returns p-values over seeds and images; over seeds alone where images are not tested."""
    p_values = [test and test.p for test in over_seeds]
    both = [(k, (s, i)) for k, (s, i) in enumerate(zip(over_seeds, over_images, strict=True)) if s and i]
    for (k, _), test in zip(both, min_f_prime([pair for _, pair in both]), strict=True):
        p_values[k] = test.p
    return p_values


def p_of_margin(against: Comparison, margin: float) -> float | None:
    """Tests whether a unit loses less than a margin (non-inferiority), over seeds and images, or over folds.

    Args:
        against: The comparison of the unit with a baseline.
        margin: Accuracy in 0..1 that the unit may lose.

    Returns:
        The one-sided p-value; None where a test is not possible.
    """
    return _p_above_margin(against, *_paired_differences(against), margin)


def p_of_likeness(comparison: Comparison, margin: float) -> float | None:
    """Tests whether two samples differ by less than a margin: two one-sided tests.

    Schuirmann 1987, https://doi.org/10.1007/BF01068419. Where a test for a difference is not significant, nothing is
    known; this one tells "alike" from "not decided".

    Args:
        comparison: The comparison of the two.
        margin: Accuracy in 0..1.

    Returns:
        The larger of the two p-values; None where a test is not possible.
    """
    over_seeds, per_image = _paired_differences(comparison)
    turned = {run: -value for run, value in over_seeds.items()}, None if per_image is None else -per_image
    above = _p_above_margin(comparison, over_seeds, per_image, margin)
    below = _p_above_margin(comparison, *turned, margin)
    return None if above is None or below is None else max(above, below)


def _paired_differences(comparison: Comparison) -> tuple[dict[Replicate, float], Floats | None]:
    """Returns first minus second by shared seed and fold, and by image where every shared run has right answers."""
    first, second, shared = comparison.first, comparison.second, comparison.shared
    over_seeds = {run: first.scores[run] - second.scores[run] for run in shared}
    return over_seeds, per_image_differences(first, second, shared)


def is_the_same(comparison: Comparison) -> bool:
    """Tells whether both samples have the same answers on every image, with every seed and fold that both have.

    Args:
        comparison: The comparison of the two.

    Returns:
        False also where right answers are not known.
    """
    first, second, shared = comparison.first, comparison.second, comparison.shared
    if not shared or not all(run in first.images and run in second.images for run in shared):
        return False
    return all(bool((first.images[run].unpack() == second.images[run].unpack()).all()) for run in shared)


def _p_above_margin(
    comparison: Comparison, over_seeds: dict[Replicate, float], per_image: Floats | None, margin: float
) -> float | None:
    """Returns the one-sided p-value, small where differences are above minus the margin; None without a test."""
    if len(over_seeds) > 1 and per_image is not None and not per_image.any() and is_the_same(comparison):
        # There is no variance to test with. Who loses more than the margin is wrong on more than that share of images.
        return float((1 - margin) ** len(per_image))
    (of_seeds,) = t_tests_over_replicates([over_seeds], -margin)
    if of_seeds is None or per_image is None or comparison.has_folds:
        return of_seeds and p_above(of_seeds)
    (of_images,) = t_tests([per_image], -margin)
    if of_images is None:
        return None
    return p_above(min_f_prime([(of_seeds, of_images)])[0]) if min(of_seeds[0], of_images[0]) > 0 else 1.0


def variance_between(against: Comparison) -> Variance:
    """Estimates the variance of the difference from two or more seeds, to find how many seeds would decide.

    Args:
        against: The comparison of a unit with a baseline.

    Returns:
        The variance over seeds and, where there are right answers, over images.
    """
    deviation = against.difference.deviation or 0.0
    if not against.num_images:
        return variance_of(None, deviation)
    import numpy as np

    ours, theirs = against.first.images, against.second.images
    return variance_of(np.array([ours[run].unpack() * 1.0 - theirs[run].unpack() for run in against.shared]), deviation)
