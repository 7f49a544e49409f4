"""One unit against one baseline: how far apart, how surely over seeds, how surely over images.

Two questions, two paired tests. Trained again with other seeds, would the difference be there? (Student's t over the
seeds that both have.) On other images of the kind, would it? (Over one seed McNemar's exact test, McNemar 1947; over
several Student's t over images, each with its mean over the seeds: runs of one image are not independent.) A difference
is taken for real where both say so, so that its p-value is the larger one (intersection-union test, Berger 1982).
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mgu.report.images import Correct
from mgu.report.rank import Row, Split
from mgu.report.seeds import Spread, spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
MOST_SEEDS = 1000  # nobody trains more
CHUNK = 64  # baselines whose images are in memory at once
TINY = 1e-12  # below it differences are rounding


@dataclass(frozen=True)
class Comparison:
    """`difference` is unit minus baseline over the seeds that both have, as a fraction; p-values are two-sided and None
    where there is nothing to test with. `p_corrected` is corrected for all baselines of the table.

    `p_margin` is of the best only, and one-sided: small where the unit loses less than the margin.
    """

    baseline: Row
    seeds: tuple[int, ...]
    difference: Spread
    p_seeds: float | None
    p_images: float | None
    image_seeds: tuple[int, ...]  # whose bits both have
    num_images: int
    p_corrected: float | None = None
    p_margin: float | None = None

    @property
    def effect(self) -> float | None:
        """Cohen's d of paired differences over seeds: their mean in terms of their deviation."""
        return self.difference.mean / self.difference.deviation if self.difference.deviation else None

    @property
    def p(self) -> float | None:
        """Of the two tests together; None where the seeds cannot be tested."""
        if self.p_seeds is None:
            return None
        return self.p_seeds if self.p_images is None else max(self.p_seeds, self.p_images)


def compare(unit: Row, of_unit: Correct, baselines: Sequence[tuple[Row, Correct]], split: Split) -> list[Comparison]:
    """In the order of `baselines`, with those that have a seed in common with the unit."""
    ours = unit.accuracies(split)
    kin = [(row, correct, row.accuracies(split)) for row, correct in baselines]
    kin = [(row, correct, theirs) for row, correct, theirs in kin if ours.keys() & theirs.keys()]
    over_seeds = [[ours[seed] - theirs[seed] for seed in _common(ours, theirs)] for _, _, theirs in kin]
    image_seeds = [
        tuple(seed for seed in _common(of_unit, correct) if seed in ours and seed in theirs)
        for _, correct, theirs in kin
    ]
    p_images: list[float | None] = []
    for start in range(0, len(kin), CHUNK):
        chunk = list(zip(kin, image_seeds, strict=True))[start : start + CHUNK]
        p_images += _test_images([_per_image(of_unit, correct, seeds) for (_, correct, _), seeds in chunk],
                                 [len(seeds) for _, seeds in chunk])  # fmt: skip
    p_seeds = t_tests(over_seeds)
    num_images = next((bits.num_images for bits in of_unit.values()), 0)
    found = []
    for k, (row, _, theirs) in enumerate(kin):
        difference = spread(over_seeds[k])
        assert difference
        found.append(
            Comparison(row, tuple(_common(ours, theirs)), difference, p_seeds[k], p_images[k], image_seeds[k],
                       num_images if image_seeds[k] else 0)
        )  # fmt: skip
    return found


def p_of_margin(
    unit: Row, of_unit: Correct, against: Comparison, correct: Correct, split: Split, margin: float
) -> float | None:
    """One-sided p-value that the unit loses less than `margin`, a fraction; of both tests the larger one."""
    ours, theirs = unit.accuracies(split), against.baseline.accuracies(split)
    over_seeds = [ours[seed] - theirs[seed] for seed in against.seeds]
    per_image = _per_image(of_unit, correct, against.image_seeds)
    p_values = [t_tests([values], -margin, "greater")[0] for values in (over_seeds, per_image) if values is not None]
    known = [p for p in p_values if p is not None]
    return max(known) if len(known) == len(p_values) else None


def t_tests(
    samples: Sequence[Sequence[float] | Floats], expected: float = 0.0, side: str = "two-sided"
) -> list[float | None]:
    """Student's t of paired differences, and so over one sample each; None of fewer than two, or of equal ones that
    differ from what is expected: they have no deviation to go by."""
    found: list[float | None] = [None] * len(samples)
    for size in sorted({len(sample) for sample in samples if len(sample) > 1}):
        import numpy as np  # both take long to import, scipy a second
        from scipy.stats import ttest_1samp

        places = [k for k, sample in enumerate(samples) if len(sample) == size]
        stacked = np.array([samples[k] for k in places])
        has_deviation = np.ptp(stacked, axis=1) >= TINY
        p_values = ttest_1samp(stacked[has_deviation], expected, axis=1, alternative=side).pvalue
        for k, p in zip(np.array(places)[has_deviation], p_values, strict=True):
            found[k] = float(p)
        for k in np.array(places)[~has_deviation]:
            if side == "two-sided" and abs(samples[k][0] - expected) < TINY:
                found[k] = 1.0
    return found


def mcnemar(differences: Floats) -> float:
    """Exact, of one difference (1, 0 or -1) an image: among images that one got right and the other did not, would a
    fair coin split them so unevenly?"""
    from statsmodels.stats.contingency_tables import mcnemar as test

    only_unit, only_baseline = int((differences > 0).sum()), int((differences < 0).sum())
    if only_unit + only_baseline == 0:
        return 1.0
    return float(test([[0, only_unit], [only_baseline, 0]], exact=True).pvalue)


def _test_images(per_image: Sequence[Floats | None], num_seeds: Sequence[int]) -> list[float | None]:
    several = t_tests([values if values is not None and num > 1 else [] for values, num in
                       zip(per_image, num_seeds, strict=True)])  # fmt: skip
    return [
        mcnemar(values) if values is not None and num == 1 else p
        for values, num, p in zip(per_image, num_seeds, several, strict=True)
    ]


def _per_image(of_unit: Correct, of_baseline: Correct, seeds: Sequence[int]) -> Floats | None:
    """Mean over the seeds of unit minus baseline (N,); None of no seed."""
    if not seeds:
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
    """Holm's step-down correction (Holm 1979) over all of them; one that could not be tested counts as one."""
    if all(p is None for p in p_values):
        return list(p_values)
    from statsmodels.stats.multitest import multipletests

    gc.freeze()  # it collects garbage at every call: not among ten thousand results each time
    corrected = multipletests([1.0 if p is None else p for p in p_values], alpha=ALPHA, method="holm")[1]
    gc.unfreeze()
    return [None if p is None else float(own) for p, own in zip(p_values, corrected, strict=True)]


def seeds_needed(effect: float | None, num_comparisons: int) -> int | None:
    """How many seeds show a difference of this size with 80 % probability, by the strictest step of Holm's correction;
    None where more than MOST_SEEDS would, or it is not known."""
    from statsmodels.stats.power import TTestPower

    test, alpha = TTestPower(), ALPHA / max(num_comparisons, 1)

    def power(n: int) -> float:
        return float(test.power(abs(effect or 0.0), n, alpha, alternative="two-sided"))

    if not effect:
        return None
    high = 2
    while power(high) < POWER:  # doubled, not tried at MOST_SEEDS, where it is not a number for large effects
        high *= 2
        if high > 2 * MOST_SEEDS:
            return None
    low = high // 2  # power grows with n: not enough of it at `low`, enough at `high`
    while high - low > 1:
        half = (low + high) // 2
        low, high = (low, half) if power(half) >= POWER else (half, high)
    return high if high <= MOST_SEEDS else None
