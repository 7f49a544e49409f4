"""One unit against one baseline: how far apart, how surely over seeds, how surely over images.

Two questions, two paired tests. Trained again with other seeds, would the difference be there? (Student's t over the
seeds that both have.) On other images of the kind, would it? (Over one seed McNemar's exact test, McNemar 1947; over
several Student's t over images, each with its mean over the seeds: runs of one image are not independent.) A difference
is taken for real where both say so, so that its p-value is the larger one (intersection-union test, Berger 1982).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mgu.report.rank import Row, Split
from mgu.report.seeds import Spread, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mgu.report.images import Correct

ALPHA = 0.05
POWER = 0.8
MOST_SEEDS = 1000  # nobody trains more
TINY = 1e-12  # below it differences are rounding


@dataclass(frozen=True)
class Comparison:
    """`difference` is unit minus baseline over the seeds that both have, as a fraction; p-values are two-sided and None
    where there is nothing to test with. `p_corrected` is corrected for all baselines of the table.

    `p_margin` is one-sided: small where the unit loses less than the margin.
    """

    baseline: Row
    seeds: tuple[int, ...]
    difference: Spread
    p_seeds: float | None
    p_images: float | None
    image_seeds: tuple[int, ...]  # whose bits both have
    num_images: int
    p_margin: float | None
    p_corrected: float | None = None

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


def compare(
    unit: Row, baseline: Row, split: Split, of_unit: Correct, of_baseline: Correct, margin: float
) -> Comparison | None:
    """None where they have no seed in common. `margin` is a fraction."""
    ours, theirs = unit.accuracies(split), baseline.accuracies(split)
    seeds = tuple(sorted(ours.keys() & theirs.keys()))
    differences = spread([ours[seed] - theirs[seed] for seed in seeds])
    if differences is None:
        return None
    over_seeds = [ours[seed] - theirs[seed] for seed in seeds]
    image_seeds = tuple(seed for seed in seeds if seed in of_unit and seed in of_baseline)
    over_images = [
        (of_unit[seed].astype(float) - of_baseline[seed].astype(float)) / len(image_seeds) for seed in image_seeds
    ]
    per_image = sum(over_images[1:], over_images[0]) if over_images else None
    p_images = None
    if per_image is not None:
        p_images = mcnemar(per_image) if len(image_seeds) == 1 else t_test(per_image)
    margins = [t_test(values, -margin, "greater") for values in (over_seeds, per_image) if values is not None]
    return Comparison(
        baseline=baseline,
        seeds=seeds,
        difference=differences,
        p_seeds=t_test(over_seeds),
        p_images=p_images,
        image_seeds=image_seeds,
        num_images=0 if per_image is None else len(per_image),
        p_margin=None if None in margins else max(p for p in margins if p is not None),
    )


def t_test(differences: Sequence[float] | NDArray[Any], expected: float = 0.0, side: str = "two-sided") -> float | None:
    """Student's t of paired differences, and so over one sample; None of fewer than two, or of equal ones that differ
    from what is expected: they have no deviation to go by."""
    if len(differences) < 2:
        return None
    import numpy as np  # both take long to import, scipy a second
    from scipy.stats import ttest_1samp

    if np.ptp(differences) < TINY:
        return 1.0 if side == "two-sided" and abs(differences[0] - expected) < TINY else None
    return float(ttest_1samp(differences, expected, alternative=side).pvalue)


def mcnemar(differences: NDArray[Any]) -> float:
    """Exact, of one difference (1, 0 or -1) an image: among images that one got right and the other did not, would a
    fair coin split them so unevenly?"""
    from statsmodels.stats.contingency_tables import mcnemar as test

    only_unit, only_baseline = int((differences > 0).sum()), int((differences < 0).sum())
    if only_unit + only_baseline == 0:
        return 1.0
    return float(test([[0, only_unit], [only_baseline, 0]], exact=True).pvalue)


def correct_for_many(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction (Holm 1979) over all of them; one that could not be tested counts as one."""
    if all(p is None for p in p_values):
        return list(p_values)
    from statsmodels.stats.multitest import multipletests

    corrected = multipletests([1.0 if p is None else p for p in p_values], alpha=ALPHA, method="holm")[1]
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
