"""McNemar's exact test and Holm's correction, against values of statsmodels."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mgu.report.stats.comparison_words import describe_comparison, points_of
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.images import mcnemar

# statsmodels 0.15.0, statsmodels.stats.contingency_tables.mcnemar([[0, b], [c, 0]], exact=True).pvalue by (b, c).
MCNEMAR = {
    (20, 0): 1.9073486328125e-06,
    (5, 5): 1.0,
    (1, 0): 1.0,
    (3, 11): 0.057373046875,
    (121, 59): 4.4344492637551645e-06,
    (40, 41): 1.0,
    (7, 25): 0.0021024015732109547,
}

# statsmodels 0.15.0, statsmodels.stats.multitest.multipletests(p, method="holm")[1].
HOLM = [
    ([0.01, 0.04, 0.03, 1.0], [0.04, 0.09, 0.09, 1.0]),
    ([0.01, 0.01, 0.02, 0.5, 0.7], [0.05, 0.05, 0.06, 1.0, 1.0]),
    ([0.2, 0.001, 0.049, 0.013, 0.9, 0.6, 0.0004], [0.6, 0.006, 0.196, 0.065, 1.0, 1.0, 0.0028]),
]


@pytest.mark.parametrize(("counts", "expected"), MCNEMAR.items())
def test_mcnemar_is_exact(counts: tuple[int, int], expected: float) -> None:
    differences = np.array([1.0] * counts[0] + [-1.0] * counts[1] + [0.0] * 50)
    assert mcnemar(differences) == pytest.approx(expected, rel=1e-12)
    assert mcnemar(-differences) == pytest.approx(expected, rel=1e-12)


def test_mcnemar_of_equal_answers_is_one() -> None:
    assert mcnemar(np.zeros(10)) == 1.0


@pytest.mark.parametrize(("p_values", "expected"), HOLM)
def test_holm_steps_down_and_is_monotone(p_values: list[float], expected: list[float]) -> None:
    assert correct_for_many(p_values) == pytest.approx(expected, rel=1e-12)


def test_what_could_not_be_tested_counts_as_a_comparison() -> None:
    assert correct_for_many([0.01, 0.04, 0.03, None]) == pytest.approx([0.04, 0.09, 0.09, None])
    assert correct_for_many([None, None]) == [None, None] and correct_for_many([]) == []


@pytest.mark.parametrize(("share", "text"), [(0.375, "+0.38"), (-0.375, "-0.38"), (-1e-15, "+0.00")])
def test_the_last_bits_of_a_sum_decide_no_half(share: float, text: str) -> None:
    """27 of 7,200 were +0.37 points in a report and +0.38 in a page of results."""
    assert {f"{points_of(share / 100 + bits):+.2f}" for bits in (-1e-16, 0.0, 1e-16)} == {text}


def test_an_effect_has_no_minus_before_zero() -> None:
    """`d = -0.00` stood beside `+0.00 points`."""
    difference = SimpleNamespace(mean=-1e-17, low=None, high=None, n=2)
    found: Any = SimpleNamespace(
        first=None, is_in_points=True, difference=difference, shared=(), effect=-1e-15,
        p_seeds=None, p_images=None, p_corrected=None, p_margin=None, p_alike=None, p=None,
    )  # fmt: skip
    assert "+0.00 points" in describe_comparison(found) and "d = 0.00" in describe_comparison(found)
