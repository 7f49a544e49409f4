"""Comparison of the unit with the best baseline by a score other than accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from mgu.report.ranking.default import default_rows
from mgu.report.ranking.kinds import unit_kinds
from mgu.report.ranking.rank import Table
from mgu.report.ranking.row import Row
from mgu.report.ranking.seeds import is_cross_validated
from mgu.report.stats.comparison_words import p_equals
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.power import ALPHA
from mgu.report.stats.ttest import TTest, t_tests_over_replicates
from mgu.results.replicate import Replicate, count_replicates
from mgu.tasks.score import Score, shorten


def compare_scores(table: Table, default: str | None = None) -> list[str]:
    """Compares the best unit of each kind with the best baseline and the default network by the score of the task.

    Args:
        table: A ranked table.
        default: Name of the default network; None for the usual one.

    Returns:
        Sentences on the differences and their tests; none for accuracies, for which there are verdicts.
    """
    units = [kind.best for kind in unit_kinds(table) if kind.best]
    best = table.best(table.baselines)
    if table.score.metric == "accuracy" or best is None or not units:
        return []
    lines = _against(table, units, best, "the best baseline (selected on validation data)")
    for own in default_rows(table, [default] if default else [])[:1]:
        lines += _against(table, units, own, "the default network, which one would train without a search")
    return lines


def _against(table: Table, units: Sequence[Row], baseline: Row, what: str) -> list[str]:
    """Compares each unit with one baseline: a sentence on the difference, and one on its test over shared seeds."""
    metric, score = table.score.metric, table.score
    theirs, place = baseline.spread(table.tested, metric), "test" if table.tested == "test" else "validation"
    known = [(unit, own) for unit in units if (own := unit.spread(table.tested, metric))]
    if theirs is None:
        return []
    values = baseline.values(table.tested, metric)
    scores = [unit.values(table.tested, metric) for unit, _ in known]
    shared = [sorted(own.keys() & values.keys()) for own in scores]
    tests = t_tests_over_replicates(
        [{run: own[run] - values[run] for run in runs} for own, runs in zip(scores, shared, strict=True)]
    )
    corrected = correct_for_many([test and test.p for test in tests])
    lines = []
    for (unit, own), ours, runs, test, p in zip(known, scores, shared, tests, corrected, strict=True):
        few = min(own.n, theirs.n)
        means = f"means of {count_replicates(ours)} and {count_replicates(values)}"
        seeds = "single runs: another seed may change this" if few == 1 else means
        lines.append(
            f"The unit {unit.name} has {score.text(own.mean)} on {place} data, {what}, {baseline.name}, "
            f"{score.text(theirs.mean)}: {_difference(own.mean - theirs.mean, score)} ({seeds})."
        )
        lines.append(_test(test, runs, p, len(known)))
    return lines


def _test(test: TTest | None, shared: Sequence[Replicate], corrected: float | None, num_kinds: int) -> str:
    """Returns the result of a t-test over shared seeds or folds, corrected for the number of kinds of units."""
    if test is None:
        return "Not decided: a test needs two or more shared seeds (seed=0,1,2,3,4)."
    word = "Decided" if (corrected or 0.0) < ALPHA else "Not decided"
    for_kinds = f", p {p_equals(corrected)} after correction for {num_kinds} kinds of unit" * (num_kinds > 1)
    if is_cross_validated(shared):
        how = "corrected resampled t-test over folds"
    else:
        how = "paired Student's t-test over seeds; there is no test over examples"
    return f"{word}: p {p_equals(test.p)} over {count_replicates(shared, 'shared ')}{for_kinds} ({how})."


def _difference(value: float, score: Score) -> str:
    """Returns unit minus baseline with its sign, and whether that is better."""
    if value == 0:
        return "no difference"
    word = "better" if score.is_better(value, 0.0) else "worse"
    return f"{'+' * (value > 0)}{shorten(value)}, which is {word}"
