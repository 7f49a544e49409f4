"""Sentences about a verdict: what the numbers support, the comparisons behind it, and what is missing."""

from __future__ import annotations

from mgu.report.ranking.rank import Table
from mgu.report.ranking.seeds import TINY
from mgu.report.stats.compare import Comparison
from mgu.report.stats.power import ALPHA, MOST_SEEDS, POWER, images_suffice, seeds_needed
from mgu.report.stats.verdict import Verdict
from mgu.results.replicate import count_replicates
from mgu.tasks.score import shorten


def verdict_sentence(verdict: Verdict) -> str:
    """Says in one sentence what the numbers support.

    Args:
        verdict: The verdict of a table.

    Returns:
        The sentence; it begins with the outcome.
    """
    points = 100 * verdict.best.difference.mean
    where = f"{abs(points):.2f} points {'above' if points > 0 else 'below'}"
    if round(abs(points), 2) == 0:
        where = "as accurate as"
    units, baselines = len(verdict.table.unit_models), len(verdict.comparisons)
    unit = f"the best of {units} units, {verdict.unit.name}," if units > 1 else f"the unit {verdict.unit.name}"
    best = verdict.best.baseline.name
    opponent = f"the best of {baselines} baselines, {best}" if baselines > 1 else best
    outcome = f"{verdict.outcome[0].upper()}{verdict.outcome[1:]}"
    return f"{outcome}: {unit} is {where} {opponent}{_reason(verdict)}{_diverged(verdict)}."


def describe_verdict(verdict: Verdict) -> list[str]:
    """Describes a verdict with the comparisons behind it.

    Args:
        verdict: The verdict of a table.

    Returns:
        The sentence, one line for each of the three comparisons with its numbers, and what is missing.
    """
    examples = verdict.unit.examples
    selected = f"validation {examples}" if verdict.table.tested == "test" else f"the {examples} that score it"
    named = {
        f"best baseline (selected on {selected})": verdict.best,
        "best baseline of the same layout": verdict.same_layout,
        "median baseline": verdict.median,
    }
    lines = [
        f"The difference from the {name}, {own.baseline.name}, is {describe_comparison(own)}."
        for place, (name, own) in enumerate(named.items())
        if own and (place == 0 or own is not verdict.best)
    ]
    return [verdict_sentence(verdict), *lines, *_missing(verdict)]


def describe_comparison(comparison: Comparison) -> str:
    """Lists difference, interval, effect size and p-values of a comparison."""
    unit = "points" if comparison.is_of_accuracies else comparison.first.row.result.score.metric
    parts = [f"{difference_text(comparison, comparison.difference.mean)} {unit}", *_over_seeds(comparison)]
    if comparison.effect is not None:
        parts.append(f"d = {comparison.effect:.2f}")
    if comparison.p_seeds is not None:
        over = "folds (corrected resampled t-test)" if comparison.has_folds else "seeds"
        parts.append(f"p {p_equals(comparison.p_seeds)} over {over}")
    if comparison.p_images is not None:
        parts.append(f"p {p_equals(comparison.p_images)} over {comparison.num_images:,} {comparison.baseline.examples}")
    if comparison.p_corrected is not None and comparison.p is not None:
        both = f"p {p_equals(comparison.p)} over both, " if comparison.num_images and not comparison.has_folds else ""
        parts.append(f"{both}p {p_equals(comparison.p_corrected)} after correction for all comparisons")
    return ", ".join(parts)


def explain_no_verdict(table: Table) -> list[str]:
    """Says what follows where no unit or no baseline has an accuracy.

    Args:
        table: A table without a verdict.

    Returns:
        One sentence, or none where the table has no units, no baselines or no accuracy.
    """
    sides = {"unit": table.unit_models, "baseline": table.baselines}
    if table.score.metric != "accuracy" or not all(sides.values()):
        return []
    lost = {name: rows for name, rows in sides.items() if not any(row.accuracies(table.tested) for row in rows)}
    return [
        f"{'Worse' if name == 'unit' else 'Not decided'}: no {name} has an accuracy, because "
        f"{', '.join(f'{row.name} is {row.status}' for row in rows)}."
        for name, rows in lost.items()
    ][:1]


def difference_text(comparison: Comparison, value: float) -> str:
    """Formats a difference with its sign: in points between accuracies, else as the metric is."""
    return f"{100 * value:+.2f}" if comparison.is_of_accuracies else f"{'+' * (value > 0)}{shorten(value)}"


def p_text(value: float | None) -> str:
    """Formats a p-value with two digits, or as below a thousandth; "-" for None."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def p_equals(value: float | None) -> str:
    """Formats a p-value as the right side of an equation or inequality."""
    text = p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _reason(verdict: Verdict) -> str:
    """The margin, or why nothing is decided."""
    best, margin = verdict.best, f"{100 * verdict.margin:g} points"
    is_within = best.p_margin is not None and best.p_margin < ALPHA
    if verdict.outcome == "as good":
        return f", and its {count_replicates(best.shared)} show that it loses less than {margin}"
    if verdict.outcome != "not decided":
        return f", which is within the margin of {margin}" if verdict.outcome == "worse" and is_within else ""
    if not best.shared:
        seeds = ",".join(map(str, sorted({run.seed for run in best.second.scores})))
        return f": they share no seed, and only pairs of the same seed are compared; train the unit with seed={seeds}"
    if len(best.shared) < 2:
        return ": a single seed cannot decide; train at least 5 of each (seed=0,1,2,3,4)"
    if best.p is None:
        return ": the difference is the same for every seed, so there is no variance to test with; train more seeds"
    alone = f": significant on its own, but not among {verdict.num_tests} comparisons; " * (best.p < ALPHA)
    return f"{alone or ': '}{_needed(verdict)}"


def _needed(verdict: Verdict) -> str:
    """How many seeds would decide, if any number would."""
    if verdict.best.has_folds:
        return f"{count_replicates(verdict.best.shared)} do not show a difference; more seeds of each fold may"
    assert verdict.variance
    difference = verdict.best.difference.mean
    if abs(difference) < TINY:
        return "the means are equal, so there is no difference to show"
    size = (difference, verdict.variance, verdict.num_tests)
    shown = f"to show a difference of this size (power {POWER:.0%})"
    if needed := seeds_needed(*size):
        return f"about {needed:,} seeds would be needed {shown}"
    if images_suffice(*size):
        return f"more than {MOST_SEEDS:,} seeds would be needed {shown}"
    return f"no number of seeds is enough on {verdict.best.num_images:,} test {verdict.unit.examples} {shown}"


def _diverged(verdict: Verdict) -> str:
    count = sum(result.status == "diverged" for result in verdict.unit.results)
    return f"; {count} of the unit's {len(verdict.unit.runs)} runs diverged" if count else ""


def _missing(verdict: Verdict) -> list[str]:
    """What the comparisons lack."""
    untested = sum(not own.num_images for own in verdict.comparisons)
    lines = [] if verdict.same_layout else ["No baseline has the unit's layout."]
    if untested:
        lines.append(
            f"For {untested} of {len(verdict.comparisons)} baselines there is no test over {verdict.unit.examples}: "
            "runs of earlier versions and runs that diverged at once have no correct.bits. Train them again with "
            "force=true."
        )
    return lines


def _over_seeds(comparison: Comparison) -> list[str]:
    difference, runs = comparison.difference, count_replicates(comparison.shared)
    if difference.low is None or difference.high is None:
        return [runs if difference.n else "no shared seed"]
    low, high = (difference_text(comparison, end) for end in (difference.low, difference.high))
    return [f"95 % interval {low} to {high}, {runs}"]
