"""Holm's correction of p-values for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence


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
    for step, k in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        highest = max(highest, min(1.0, known[k] * (len(known) - step)))
        corrected[k] = None if p_values[k] is None else highest
    return corrected
