"""Tests over images: McNemar's exact test for one seed, Student's t for the means of several.

Of groups of images, such as cases, the shares of right answers are tested, by Student's t also for one seed: McNemar's
test would count the groups that are better, and not by how much. It is the test of clustered pairs of Durkalski et al.
2003 (https://doi.org/10.1002/sim.1438), which sums the same differences of shares, with the t of few groups.

Images are paired within a fold: each fold of a cross-validation has other test images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mgu.report.stats.sample import Sample
from mgu.report.stats.ttest import TTest, t_tests
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 64  # number of samples whose images are in memory at once


def over_images(
    first: Sample, others: Sequence[Sample], shared: Sequence[Sequence[Replicate]]
) -> tuple[list[TTest | None], list[float | None]]:
    """Tests the differences of one sample from others over images, on their shared seeds.

    Args:
        first: The sample.
        others: Those that it is compared with.
        shared: The seeds, or seeds and folds, that it shares with each of them.

    Returns:
        For each comparison Student's t, and the p-value: McNemar's where that is taken; None where images cannot be
        tested.
    """
    tests: list[TTest | None] = []
    p_values: list[float | None] = []
    for start in range(0, len(others), CHUNK):
        part = slice(start, start + CHUNK)
        per_image = [
            per_image_differences(first, other, replicates)
            for replicates, other in zip(shared[part], others[part], strict=True)
        ]
        tests += t_tests([[] if values is None else values for values in per_image])
        p_values += [
            mcnemar(values) if values is not None and takes_mcnemar(first, other, replicates) else test and test.p
            for other, replicates, values, test in zip(others[part], shared[part], per_image, tests[part], strict=True)
        ]
    return tests, p_values


def mcnemar(differences: Floats) -> float:
    """Returns the two-sided p-value of McNemar's exact test (McNemar 1947, https://doi.org/10.1007/BF02295996).

    Among images that only one of the two classified correctly, would a fair coin split them so unevenly?

    Args:
        differences: First minus second by image (N,): 1, 0 or -1.

    Returns:
        The p-value; 1 where the two agree on every image.
    """
    from scipy.stats import binomtest

    only_first, only_second = int((differences > 0).sum()), int((differences < 0).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def per_image_differences(first: Sample, second: Sample, shared: Sequence[Replicate]) -> Floats | None:
    """Computes the difference of two samples for each image, as the mean over their shared seeds.

    Args:
        first: One sample.
        second: The other one.
        shared: The seeds, or seeds and folds, that both have.

    Returns:
        First minus second (N,), of right answers; None without shared seeds, or where one has no right answers of its
        images.
    """
    if not shared or not all(replicate in first.images and replicate in second.images for replicate in shared):
        return None
    import numpy as np

    means = []
    for fold in sorted({replicate.fold for replicate in shared}):
        replicates = [replicate for replicate in shared if replicate.fold == fold]
        means.append((_sum_answers(first, replicates) - _sum_answers(second, replicates)) / len(replicates))
    return np.concatenate(means) if len(means) > 1 else means[0]


def _sum_answers(sample: Sample, replicates: Sequence[Replicate]) -> Floats | NDArray[np.int16]:
    """Returns for each image the sum of a sample's right answers over replicates of one fold."""
    import numpy as np

    answers = [sample.images[replicate].unpack() for replicate in replicates]
    is_whole = all(answer.dtype == np.bool_ for answer in answers) and len(answers) < np.iinfo(np.int16).max
    total: Floats | NDArray[np.int16] = np.zeros(answers[0].shape, np.int16 if is_whole else np.float64)
    for answer in answers:
        total += answer
    return total


def count_images(sample: Sample, shared: Sequence[Replicate]) -> int:
    """Counts the independent images on which a sample is compared: those of all folds together."""
    return sum({run.fold: sample.images[run].num_images for run in shared}.values())


def takes_mcnemar(first: Sample, second: Sample, shared: Sequence[Replicate]) -> bool:
    """Tells whether two samples are compared over images by McNemar's test.

    Args:
        first: One sample.
        second: The other one.
        shared: The seeds, or seeds and folds, that both have, with right answers.

    Returns:
        Whether each image has one answer of each of the two, which is right or wrong.
    """
    has_shares = any(sample.images[run].are_shares for sample in (first, second) for run in shared)
    return len({run.fold for run in shared}) == len(shared) and not has_shares
