"""A comparison in words: its difference, interval, effect size and p-values."""

from __future__ import annotations

from mgu.report.stats.compare import Comparison, is_the_same
from mgu.results.schema.replicate import count_replicates
from mgu.tasks.score import shorten


def describe_comparison(comparison: Comparison, num_kinds: int = 0) -> str:
    """Lists difference, interval, effect size and p-values of a comparison.

    Args:
        comparison: The comparison.
        num_kinds: Number of kinds of units that its p-value is corrected for; 0: for all comparisons of a table.

    Returns:
        A list in words.
    """
    unit = "points" if comparison.is_in_points else comparison.first.row.score.metric
    parts = [f"{difference_text(comparison, comparison.difference.mean)} {unit}", *_over_seeds(comparison)]
    if comparison.effect is not None:
        parts.append(f"d = {comparison.effect:z.2f}")
    if comparison.p_seeds is not None:
        over = "folds (corrected resampled t-test)" if comparison.has_folds else "seeds"
        parts.append(f"p {p_equals(comparison.p_seeds)} over {over}")
    if comparison.p_images is not None:
        parts.append(f"p {p_equals(comparison.p_images)} over {comparison.num_images:,} {comparison.baseline.examples}")
    if comparison.p_corrected is not None and comparison.p is not None:
        both = f"p {p_equals(comparison.p)} over both, " if comparison.num_images and not comparison.has_folds else ""
        kinds = "1 kind" if num_kinds == 1 else f"{num_kinds} kinds"
        what = f"{kinds} of unit" if num_kinds else "all comparisons"
        corrected = f"p {p_equals(comparison.p_corrected)} after correction for {what}"
        parts.append(f"{both}{corrected}" if num_kinds != 1 else both.rstrip(", "))
    return ", ".join(filter(None, parts))


def name_test(comparison: Comparison) -> str:
    """Names the test behind the p-value of a comparison that has one."""
    if is_the_same(comparison):
        return f"equal answers on each of {comparison.num_images:,} {comparison.baseline.examples}"
    if comparison.has_folds:
        return "corrected resampled t-test over folds"
    if comparison.num_images:
        return f"min F' over seeds and {comparison.baseline.examples}"
    return "paired Student's t-test over seeds"


def where(comparison: Comparison) -> str:
    """Says how far one is above or below the other, in points of accuracy."""
    points = points_of(comparison.difference.mean)
    if round(abs(points), 2) == 0:
        return "as accurate as"
    return f"{abs(points):.2f} points {'above' if points > 0 else 'below'}"


def difference_text(comparison: Comparison, value: float) -> str:
    """Formats a difference with its sign: in points between accuracies, else as the metric is."""
    return f"{points_of(value):+.2f}" if comparison.is_in_points else signed(value)


def signed(value: float) -> str:
    """Formats a difference as its metric is, with its sign."""
    return f"{'+' if value > 0 else ''}{shorten(value)}"


def points_of(share: float) -> float:
    """Returns a difference in points of accuracy, without what sums leave in the last bits: 0.375, which rounds up."""
    return round(100 * share, 9) + 0.0  # no minus before zero


def p_text(value: float | None) -> str:
    """Formats a p-value with two digits, or as below a thousandth; "-" for None."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def p_equals(value: float | None) -> str:
    """Formats a p-value as the right side of an equation or inequality."""
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _over_seeds(comparison: Comparison) -> list[str]:
    difference, runs = comparison.difference, count_replicates(comparison.shared)
    if difference.low is None or difference.high is None:
        return [runs if difference.n else "no shared seed"]
    low, high = (difference_text(comparison, end) for end in (difference.low, difference.high))
    return [f"95 % interval {low} to {high}, {runs}"]
