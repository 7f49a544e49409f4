"""One unit against one baseline: how far apart, how surely over seeds, over images, and over both.

Two questions, two paired tests. Trained again with other seeds, would the difference be there? (Student's t over the
seeds that both have.) On other images of the kind, would it? (Over one seed McNemar's exact test, McNemar 1947; over
several Student's t over images, each with its mean over the seeds: runs of one image are not independent.) What is
claimed of other seeds on other images needs the third, of both together: min F' (mgu/report/stats/ttest.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from mgu.report.ranking.rank import Row, Split
from mgu.report.ranking.seeds import TINY, Spread, spread
from mgu.report.stats.correct import Correct
from mgu.report.stats.power import Variance, variance_of
from mgu.report.stats.ttest import TTest, over_both, p_above, t_tests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 64  # baselines whose images are in memory at once


@dataclass(frozen=True)
class Comparison:
    """`difference` is unit minus baseline over the seeds that both have, as a fraction; where they have none in common,
    n is 0 and it is that of the means. p-values are two-sided and None where there is nothing to test with; images are
    tested only where every one of those seeds tells of them.

    `p` is over seeds and images, or over seeds alone where there are no images. `p_corrected` is corrected for all
    comparisons of the table. `p_margin` is of the best only, and one-sided: small where the unit loses less than the
    margin.
    """

    baseline: Row
    seeds: tuple[int, ...]
    difference: Spread
    p_seeds: float | None
    p_images: float | None
    num_images: int  # 0 where they are not tested
    p: float | None
    p_corrected: float | None = None
    p_margin: float | None = None

    @property
    def effect(self) -> float | None:
        """Cohen's d of paired differences over seeds: their mean in terms of their deviation."""
        return self.difference.mean / self.difference.deviation if self.difference.deviation else None


def compare(unit: Row, of_unit: Correct, baselines: Sequence[tuple[Row, Correct]], split: Split) -> list[Comparison]:
    """In the order of `baselines`, with those that have a value."""
    ours = unit.accuracies(split)
    known = [(row, correct, theirs) for row, correct in baselines if (theirs := row.accuracies(split))]
    seeds = [_common(ours, theirs) for _, _, theirs in known]
    over_seeds = [[ours[seed] - theirs[seed] for seed in own] for own, (_, _, theirs) in zip(seeds, known, strict=True)]
    of_seeds = t_tests(over_seeds)
    of_images: list[TTest | None] = []
    p_images: list[float | None] = []
    for start in range(0, len(known), CHUNK):
        part = slice(start, start + CHUNK)
        per_image = [
            _per_image(of_unit, correct, own) for own, (_, correct, _) in zip(seeds[part], known[part], strict=True)
        ]
        of_images += t_tests([[] if values is None else values for values in per_image])
        p_images += [
            mcnemar(values) if values is not None and len(own) == 1 else test and test.p
            for own, values, test in zip(seeds[part], per_image, of_images[part], strict=True)
        ]
    num_images = next((bits.num_images for bits in of_unit.values()), 0)
    p_both = _together(of_seeds, of_images)
    found = []
    for k, (row, _, theirs) in enumerate(known):
        apart = Spread(fmean(ours.values()) - fmean(theirs.values()), 0)
        p_over_seeds = of_seeds[k]
        found.append(
            Comparison(
                row,
                tuple(seeds[k]),
                spread(over_seeds[k]) or apart,
                p_over_seeds and p_over_seeds.p,
                p_images[k],
                num_images if p_images[k] is not None else 0,
                p_both[k],
            )
        )
    return found


def _together(over_seeds: Sequence[TTest | None], over_images: Sequence[TTest | None]) -> list[float | None]:
    """p-values; of seeds alone where there are no images."""
    found = [test and test.p for test in over_seeds]
    both = [(k, (s, i)) for k, (s, i) in enumerate(zip(over_seeds, over_images, strict=True)) if s and i]
    for (k, _), test in zip(both, over_both([pair for _, pair in both]), strict=True):
        found[k] = test.p
    return found


def p_of_margin(
    unit: Row, of_unit: Correct, against: Comparison, correct: Correct, split: Split, margin: float
) -> float | None:
    """One-sided p-value that the unit loses less than `margin`, a fraction."""
    ours, theirs = unit.accuracies(split), against.baseline.accuracies(split)
    over_seeds = [ours[seed] - theirs[seed] for seed in against.seeds]
    per_image = _per_image(of_unit, correct, against.seeds)
    if len(over_seeds) > 1 and per_image is not None and not per_image.any() and max(map(abs, over_seeds)) < TINY:
        return 0.0  # the same on every image, which leaves no deviation, and no doubt
    (of_seeds,) = t_tests([over_seeds], -margin)
    if of_seeds is None or per_image is None:
        return of_seeds and p_above(of_seeds)
    (of_images,) = t_tests([per_image], -margin)
    if of_images is None:
        return None
    return p_above(over_both([(of_seeds, of_images)])[0]) if min(of_seeds[0], of_images[0]) > 0 else 1.0


def variance_between(of_unit: Correct, against: Comparison, correct: Correct) -> Variance:
    """Of the difference of two or more seeds, for how many more it would take."""
    deviation = against.difference.deviation or 0.0
    if not against.num_images:
        return variance_of(None, deviation)
    import numpy as np

    per_seed = [of_unit[seed].unpack() * 1.0 - correct[seed].unpack() for seed in against.seeds]
    return variance_of(np.array(per_seed), deviation)


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


def _per_image(of_unit: Correct, of_baseline: Correct, seeds: Sequence[int]) -> Floats | None:
    """Mean over the seeds of unit minus baseline (N,); None of no seed, or where one of them has no bits."""
    if not seeds or not all(seed in of_unit and seed in of_baseline for seed in seeds):
        return None
    import numpy as np

    total = np.zeros(of_unit[seeds[0]].num_images)
    for seed in seeds:
        total += of_unit[seed].unpack()
        total -= of_baseline[seed].unpack()
    return total / len(seeds)


def _common(first: Mapping[int, object], second: Mapping[int, object]) -> list[int]:
    return sorted(first.keys() & second.keys())


def correct_for_many(p_values: Sequence[float | None]) -> list[float | None]:
    """Corrects p-values by Holm's step-down method (Holm 1979, https://www.jstor.org/stable/4615733).

    The k-th smallest of m p-values is multiplied by m - k + 1; none becomes smaller than a smaller one, or more than 1.

    Args:
        p_values: Two-sided p-values; None for a comparison that could not be tested, which counts as 1.

    Returns:
        The corrected p-values in the same order, None where there was none.
    """
    known = [1.0 if p is None else p for p in p_values]
    corrected, highest = list(p_values), 0.0
    for place, k in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        highest = max(highest, min(1.0, known[k] * (len(known) - place)))
        corrected[k] = None if p_values[k] is None else highest
    return corrected
