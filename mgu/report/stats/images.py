"""Tests over images: McNemar's exact test for one seed, Student's t for the means of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mgu.report.stats.correct import CorrectBySeed
from mgu.report.stats.ttest import TTest, t_tests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 64  # number of baselines whose images are in memory at once


def over_images(
    of_unit: CorrectBySeed, baselines: Sequence[CorrectBySeed], seeds: Sequence[Sequence[int]]
) -> tuple[list[TTest | None], list[float | None]]:
    """Student's t over images for each baseline, and the p-value: of McNemar's test where there is one seed."""
    tests: list[TTest | None] = []
    p_values: list[float | None] = []
    for start in range(0, len(baselines), CHUNK):
        part = slice(start, start + CHUNK)
        per_image = [
            per_image_differences(of_unit, bits, own) for own, bits in zip(seeds[part], baselines[part], strict=True)
        ]
        tests += t_tests([[] if values is None else values for values in per_image])
        p_values += [
            mcnemar(values) if values is not None and len(own) == 1 else test and test.p
            for own, values, test in zip(seeds[part], per_image, tests[part], strict=True)
        ]
    return tests, p_values


def mcnemar(differences: Floats) -> float:
    """Returns the two-sided p-value of McNemar's exact test (McNemar 1947, https://doi.org/10.1007/BF02295996).

    Among images that only one of the two classified correctly, would a fair coin split them so unevenly?

    Args:
        differences: Unit minus baseline by image (N,): 1, 0 or -1.

    Returns:
        The p-value; 1 where the two agree on every image.
    """
    from scipy.stats import binomtest

    only_unit, only_baseline = int((differences > 0).sum()), int((differences < 0).sum())
    if only_unit + only_baseline == 0:
        return 1.0
    return float(binomtest(only_unit, only_unit + only_baseline).pvalue)


def per_image_differences(of_unit: CorrectBySeed, of_baseline: CorrectBySeed, seeds: Sequence[int]) -> Floats | None:
    """Unit minus baseline by image, the mean over seeds (N,); None without seeds or where a seed has no bits."""
    if not seeds or not all(seed in of_unit and seed in of_baseline for seed in seeds):
        return None
    import numpy as np

    total = np.zeros(of_unit[seeds[0]].num_images)
    for seed in seeds:
        total += of_unit[seed].unpack()
        total -= of_baseline[seed].unpack()
    return total / len(seeds)
