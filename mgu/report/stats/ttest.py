"""Student's t over seeds, over images, and over both at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mgu.report.ranking.seeds import TINY

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class TTest(NamedTuple):
    """Of paired differences, and so over one sample. p: two-sided."""

    statistic: float
    degrees: float
    p: float


def t_tests(samples: Sequence[Sequence[float] | Floats], expected: float = 0.0) -> list[TTest | None]:
    """Of each; None of fewer than two values, or of equal ones that differ from what is expected: they have no
    deviation to go by.
    """
    found: list[TTest | None] = [None] * len(samples)
    for size in sorted({len(sample) for sample in samples if len(sample) > 1}):
        import numpy as np  # both take long to import, scipy a second
        from scipy.stats import t

        places = np.array([k for k, sample in enumerate(samples) if len(sample) == size])
        stacked = np.array([samples[k] for k in places])
        has_deviation = np.ptp(stacked, axis=1) >= TINY
        tested = stacked[has_deviation]
        # As scipy.stats.ttest_1samp, which takes most of a report's time to look for gaps in the data.
        statistics = (tested.mean(axis=1) - expected) / (tested.std(axis=1, ddof=1) / size**0.5)
        p_values = 2 * t.sf(np.abs(statistics), size - 1)
        for k, statistic, p in zip(places[has_deviation], statistics, p_values, strict=True):
            found[k] = TTest(float(statistic), size - 1, float(p))
        for k in places[~has_deviation]:
            if abs(samples[k][0] - expected) < TINY:
                found[k] = TTest(0.0, size - 1, 1.0)
    return found


def over_both(pairs: Sequence[tuple[TTest, TTest]]) -> list[TTest]:
    """Would other seeds on other images show the difference? min F' of Clark (1973, The language-as-fixed-effect
    fallacy): the variances of the mean over either add up, which takes a little too much, never too little.

    Its root, which is a t, has the sign that both share; where they share none, it is 0.
    """
    if not pairs:
        return []
    import numpy as np
    from scipy.stats import t

    first, second = np.array(pairs)[:, 0], np.array(pairs)[:, 1]  # (tests, statistic degrees p)
    with np.errstate(divide="ignore", invalid="ignore"):  # where a statistic is 0
        f1, f2 = first[:, 0] ** 2, second[:, 0] ** 2
        root = np.sign(first[:, 0]) * np.sqrt(f1 * f2 / (f1 + f2))
        degrees = (f1 + f2) ** 2 / (f1**2 / second[:, 1] + f2**2 / first[:, 1])
    agree = first[:, 0] * second[:, 0] > 0
    root, degrees = np.where(agree, root, 0.0), np.where(agree, degrees, 1.0)
    p_values = 2 * t.sf(np.abs(root), degrees)
    return [TTest(*map(float, each)) for each in zip(root, degrees, p_values, strict=True)]


def p_above(test: TTest) -> float:
    """One-sided: small where the mean is above what was expected."""
    return test.p / 2 if test.statistic > 0 else 1 - test.p / 2
