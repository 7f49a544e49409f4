"""Student's t-test over seeds or over images, and min F' over both at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.seeds import TINY, independent, shared_data
from mgu.results.schema.replicate import Replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


LONG = 500  # values of a sample, from which on it is a task of its own


class TTest(NamedTuple):
    """Holds the result of a t-test on paired differences, that is, on one sample.

    Attributes:
        statistic: The value of t.
        degrees: Degrees of freedom.
        p: Two-sided p-value.
    """

    statistic: float
    degrees: float
    p: float


def t_tests(
    samples: Sequence[Sequence[float] | Floats], expected: float = 0.0, shared: float = 0.0
) -> list[TTest | None]:
    """Tests for each sample whether its mean is the expected one (Student 1908, https://doi.org/10.2307/2331554).

    Args:
        samples: Paired differences, one sequence for each test.
        expected: The mean under the null hypothesis.
        shared: What folds, which share training data, add to 1 / n in the variance of the mean (shared_data of
            ranking/seeds.py): with it, this is the corrected resampled t-test.

    Returns:
        The tests in order; None for fewer than two values, and for equal values other than `expected`, which have no
        variance to test with.
    """
    tests: list[TTest | None] = [None] * len(samples)
    for size in sorted({len(sample) for sample in samples if len(sample) > 1}):
        import numpy as np  # both take long to import; scipy.stats would take a second more
        from scipy.special import stdtr

        indices = np.array([k for k, sample in enumerate(samples) if len(sample) == size])
        means, deviations = _moments([samples[k] for k in indices], size)
        has_deviation = deviations >= TINY
        # Like scipy.stats.ttest_1samp, which spends most of a report's time looking for missing values.
        statistics = (means - expected)[has_deviation] / (
            deviations[has_deviation] / (size / (1 + size * shared)) ** 0.5
        )
        p_values = 2 * stdtr(size - 1, -np.abs(statistics))
        for k, statistic, p in zip(indices[has_deviation], statistics, p_values, strict=True):
            tests[k] = TTest(float(statistic), size - 1, float(p))
        for k in indices[~has_deviation]:
            if abs(samples[k][0] - expected) < TINY:
                tests[k] = TTest(0.0, size - 1, 1.0)
    return tests


def _moments(samples: Sequence[Sequence[float] | Floats], size: int) -> tuple[Floats, Floats]:
    """Returns the mean and the standard deviation of each of some samples of one size."""
    import numpy as np

    if size < LONG:
        stacked = np.array(samples)
        return stacked.mean(axis=1), stacked.std(axis=1, ddof=1)
    means, deviations = [], []
    for sample in samples:  # one stays in the processor's cache, all of them do not
        values = np.asarray(sample)
        means.append(mean := values.mean())
        centred = values - mean
        deviations.append((centred @ centred / (size - 1)) ** 0.5)
    return np.array(means), np.array(deviations)


def t_tests_over_replicates(
    differences: Sequence[Mapping[Replicate, float]], expected: float = 0.0
) -> list[TTest | None]:
    """Tests paired differences by seed, or by fold where there are several.

    Args:
        differences: The differences by seed and fold, one mapping for each test.
        expected: The mean under the null hypothesis.

    Returns:
        The tests in order: over seeds, or corrected resampled t-tests over folds, each with its mean over the seeds.
    """
    samples = [independent(by_replicate) for by_replicate in differences]
    shares = [shared_data(by_replicate) for by_replicate in differences]
    by_share = {shared: t_tests(samples, expected, shared) for shared in set(shares)}
    return [by_share[shared][k] for k, shared in enumerate(shares)]


def min_f_prime(pairs: Sequence[tuple[TTest, TTest]]) -> list[TTest]:
    """Tests whether other seeds on other images would show the difference: min F' (Clark 1973).

    "The language-as-fixed-effect fallacy" (https://doi.org/10.1016/S0022-5371(73)80014-3): the variances of the mean
    over seeds and over images add up. What holds for other seeds on other images holds for other seeds, and for other
    images, so p is at least that of each test: with two or three seeds that agree by chance, the degrees of freedom of
    min F' alone are those of the images, and it rejects a true null hypothesis twice as often as it says.

    Args:
        pairs: For each comparison its test over seeds and its test over images.

    Returns:
        For each comparison the root of min F', a t with the sign that both tests share, and p; 0 and 1 where the signs
        differ.
    """
    if not pairs:
        return []
    import numpy as np
    from scipy.special import stdtr

    first, second = np.array(pairs)[:, 0], np.array(pairs)[:, 1]  # (tests, statistic degrees p)
    with np.errstate(divide="ignore", invalid="ignore"):  # where a statistic is 0
        f1, f2 = first[:, 0] ** 2, second[:, 0] ** 2
        root = np.sign(first[:, 0]) * np.sqrt(f1 * f2 / (f1 + f2))
        degrees = (f1 + f2) ** 2 / (f1**2 / second[:, 1] + f2**2 / first[:, 1])
    agree = first[:, 0] * second[:, 0] > 0
    root, degrees = np.where(agree, root, 0.0), np.where(agree, degrees, 1.0)  # p is 1 where t is 0
    p_values = np.maximum(2 * stdtr(degrees, -np.abs(root)), np.maximum(first[:, 2], second[:, 2]))
    return [TTest(*map(float, each)) for each in zip(root, degrees, p_values, strict=True)]


def p_above(test: TTest) -> float:
    """Returns the one-sided p-value, which is small where the mean is above the expected one."""
    return test.p / 2 if test.statistic > 0 else 1 - test.p / 2
