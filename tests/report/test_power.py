"""Tests over seeds and images at once, and the seeds that would decide, against scipy, known values and simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from mgu.report.stats.power import Variance, images_suffice, seeds_needed, variance_of
from mgu.report.stats.ttest import TTest, min_f_prime, t_tests


def test_what_seeds_and_images_gainsay_is_no_difference() -> None:
    up, down = TTest(3.0, 4, 0.04), TTest(-3.0, 99, 0.003)
    assert [test.p for test in min_f_prime([(up, down), (up, TTest(0.0, 99, 1.0))])] == [1.0, 1.0]
    ((root, degrees, p),) = min_f_prime([(TTest(-3.0, 4, 0.04), down)])
    assert root == pytest.approx(-3 / math.sqrt(2)) and p == pytest.approx(2 * t.sf(-root, degrees))


def test_two_seeds_that_agree_by_chance_are_not_surer_together_with_images_than_alone() -> None:
    """Seeds that differ by 10 points, no true difference: min F' alone rejects 11 % of the time."""
    draw, rounds = np.random.default_rng(0), 2000
    own = (
        draw.normal(0, 0.1, (rounds, 2, 1))
        + draw.normal(0, 0.3, (rounds, 1, 360))
        + draw.normal(0, 0.3, (rounds, 2, 360))
    )
    over_seeds, over_images = t_tests(list(own.mean(axis=2))), t_tests(list(own.mean(axis=1)))
    tests = min_f_prime([(s, i) for s, i in zip(over_seeds, over_images, strict=True) if s and i])
    assert len(tests) == rounds and 0.01 < np.mean([test.p < 0.05 for test in tests]) < 0.06
    ((_, _, p),) = min_f_prime([(TTest(11.0, 1, 0.056), TTest(20.0, 359, 1e-60))])
    assert p == 0.056


# statsmodels 0.15.0, statsmodels.stats.power.tt_solve_power(|effect|, alpha=0.05 / comparisons, power=0.8).
NEEDED = [(2.0, 1, 4.22071858501904), (0.8, 24, 28.740147079984613), (-0.3, 24, 175.45202315979805)]


@pytest.mark.parametrize(("effect", "comparisons", "exact"), NEEDED)
def test_seeds_needed_are_the_fewest_that_have_the_power(effect: float, comparisons: int, exact: float) -> None:
    """Where there are seeds alone, of Student's t."""
    assert seeds_needed(effect, Variance(1.0), comparisons) == math.ceil(exact)
    assert seeds_needed(0.01, Variance(1.0), comparisons) is None and images_suffice(0.01, Variance(1.0), comparisons)


def test_more_seeds_do_not_make_up_for_few_images() -> None:
    """Differences of 1 with deviations over seeds and images that 60 seeds on 1,000 images tell apart from 0 and any
    number on 4 do not; simulated, and their variances found again."""
    draw = np.random.default_rng(0)
    parts = Variance(seeds=4.0, images=9.0, rest=16.0, num_images=1000)
    needed = seeds_needed(1.0, parts, 1)
    assert needed and not seeds_needed(1.0, replace(parts, num_images=4), 1)
    assert not images_suffice(1.0, replace(parts, num_images=4), 1)

    def sample(num_seeds: int) -> NDArray[np.float64]:
        seeds, images = draw.normal(1, 2, (num_seeds, 1)), draw.normal(0, 3, (1, 1000))
        return seeds + images + draw.normal(0, 4, (num_seeds, 1000))

    found = variance_of(many := sample(60), float(many.mean(axis=1).std(ddof=1)))
    assert (found.images, found.rest) == (pytest.approx(9, rel=0.15), pytest.approx(16, rel=0.05))
    shown = []
    for _ in range(200):
        own = sample(needed)
        (over_seeds,), (over_images,) = t_tests([own.mean(axis=1)]), t_tests([own.mean(axis=0)])
        assert over_seeds and over_images
        shown.append(min_f_prime([(over_seeds, over_images)])[0].p < 0.05)
    assert np.mean(shown) == pytest.approx(0.8, abs=0.08)
